/* Attacks: whoever ends what is left, by children that are stopped.
 * Limits: processes=8
 * Expect: outcome=exited exit_code=0
 */
#include <signal.h>
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 6; i++)
        if (fork() == 0) {
            raise(SIGSTOP);
            _exit(0);
        }
    usleep(50000);
    return 0;
}
