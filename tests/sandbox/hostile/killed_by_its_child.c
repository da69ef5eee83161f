/* Attacks: a supervisor that takes every SIGKILL for its own.
 * Limits: processes=2
 * Expect: outcome=signalled signal=9 limit=none
 */
#include <signal.h>
#include <unistd.h>

int main(void)
{
    if (fork() == 0)
        kill(getppid(), SIGKILL);
    pause();
}
