/* Attacks: its neighbours, by a priority above theirs.
 * Expect: outcome=exited exit_code=0
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    static const int policies[] = {SCHED_FIFO, SCHED_RR};
    const struct sched_param first = {1};
    for (int i = 0; i < 2; i++) {
        sched_setscheduler(0, policies[i], &first); /* called a success, and nothing is done */
        if (sched_getscheduler(0) != SCHED_OTHER)
            return 1;
    }
    const struct {
        unsigned size, policy;
        unsigned long flags;
        int nice;
        unsigned priority;
        unsigned long runtime, deadline, period;
    } deadline = {48, 6, 0, 0, 0, 10000000, 20000000, 20000000};
    if (syscall(SYS_sched_setattr, 0, &deadline, 0) == 0)
        return 2;
    if (setpriority(PRIO_PROCESS, 0, -20) == 0 || syscall(SYS_ioprio_set, 1, 0, 1 << 13 /* real time */) == 0)
        return 3;
    int group = open("/proc/self/autogroup", O_WRONLY);
    return group >= 0 && write(group, "-20", 3) == 3 ? 4 : 0;
}
