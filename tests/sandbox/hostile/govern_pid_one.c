/* Attacks: the supervisor, by its limits, its scheduling and its priority.
 * Expect: outcome=exited exit_code=0
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static int govern(pid_t pid)
{
    const struct rlimit nothing = {0, 0};
    const struct sched_param none = {0};
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(0, &cpus);
    if (prlimit(pid, RLIMIT_CPU, &nothing, 0) == 0 || prlimit(pid, RLIMIT_FSIZE, &nothing, 0) == 0)
        return 1;
    sched_setscheduler(pid, SCHED_IDLE, &none); /* called a success, and nothing is done */
    if (sched_getscheduler(pid) == SCHED_IDLE || sched_setaffinity(pid, sizeof cpus, &cpus) == 0)
        return 2;
    if (setpriority(PRIO_PROCESS, (id_t)pid, 19) == 0 || setpgid(pid, getpid()) == 0)
        return 3;
    if (syscall(SYS_ioprio_set, 1, pid, 3 << 13 /* idle */) == 0 || syscall(SYS_tgkill, pid, pid, SIGKILL) == 0)
        return 4;
    int handle = (int)syscall(SYS_pidfd_open, pid, 0);
    return handle >= 0 && syscall(SYS_pidfd_send_signal, handle, SIGKILL, 0, 0) == 0 ? 5 : 0;
}

int main(void)
{
    int done = govern(1);
    return done ? done : govern(getppid());
}
