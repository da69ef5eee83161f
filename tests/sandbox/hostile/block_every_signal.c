/* Attacks: the judge's patience, with every signal blocked.
 * Limits: wall_ms=300
 * Expect: outcome=wall limit=wall
 */
#include <signal.h>

int main(void)
{
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    sigprocmask(SIG_BLOCK, &all, 0);
    for (;;)
        sigwaitinfo(&none, 0);
}
