/* Attacks: the verdict, by a child of the supervisor's (CLONE_PARENT) that exits with 0 beforehand.
 * Limits: processes=4
 * Expect: outcome=exited exit_code=9
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 3; i++)
        if (syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0) == 0)
            _exit(0);
    usleep(50000);
    return 9;
}
