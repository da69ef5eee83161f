/* Attacks: the supervisor, by orphans whose end tells their new parent so with a signal of our choice.
 * Limits: processes=16
 * Expect: outcome=exited exit_code=6
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    static const int signals[] = {SIGKILL, SIGTERM, SIGSTOP, SIGSEGV};
    for (int i = 0; i < 4; i++)
        if (fork() == 0) {
            if (syscall(SYS_clone, signals[i], 0, 0, 0, 0) == 0) {
                usleep(20000);
                _exit(0);
            }
            _exit(0);
        }
    usleep(100000);
    return 6;
}
