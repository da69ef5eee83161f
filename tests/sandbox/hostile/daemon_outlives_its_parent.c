/* Attacks: the end of the run, by a daemon (double fork, setsid) that goes on when the program has ended.
 * Limits: processes=8
 * Expect: outcome=exited exit_code=0
 */
#include <unistd.h>

int main(void)
{
    if (fork() == 0) {
        setsid();
        if (fork() == 0)
            for (;;)
                ;
        _exit(0);
    }
    return 0;
}
