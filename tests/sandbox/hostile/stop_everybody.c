/* Attacks: the supervisor and all others, by stopping them: nobody would end this run.
 * Limits: processes=8
 * Expect: outcome=exited exit_code=3
 */
#include <signal.h>
#include <unistd.h>

int main(void)
{
    if (fork() == 0)
        for (;;)
            pause();
    kill(1, SIGSTOP);
    kill(getppid(), SIGSTOP);
    kill(0 - getppid(), SIGSTOP);
    kill(-1, SIGSTOP);
    return 3;
}
