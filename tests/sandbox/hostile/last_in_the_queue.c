/* Attacks: the slot, by asking for so little of a CPU that even to be killed takes long.
 * Expect: outcome=exited exit_code=0
 */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    const struct sched_param none = {0};
    sched_setscheduler(0, SCHED_IDLE, &none); /* called a success, and nothing is done */
    if (setpriority(PRIO_PROCESS, 0, 19) == 0 || sched_getscheduler(0) != SCHED_OTHER)
        return 1;
    return syscall(SYS_ioprio_set, 1, 0, 3 << 13 /* idle */) == 0 ? 2 : 0;
}
