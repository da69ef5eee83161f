/* Attacks: the CPU clock, by work in children whose time no wait() adds up.
 * Limits: processes=8 cpu_ms=300 wall_ms=20000
 * Expect: outcome=cpu limit=cpu
 */
#include <signal.h>
#include <unistd.h>

int main(void)
{
    signal(SIGCHLD, SIG_IGN);
    for (int i = 0; i < 3; i++)
        if (fork() == 0)
            for (;;)
                ;
    pause();
}
