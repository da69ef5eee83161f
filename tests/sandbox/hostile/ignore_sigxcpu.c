/* Attacks: a CPU limit that rests on SIGXCPU.
 * Limits: cpu_ms=300 wall_ms=20000
 * Expect: outcome=cpu limit=cpu
 */
#include <signal.h>

int main(void)
{
    signal(SIGXCPU, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    for (;;)
        ;
}
