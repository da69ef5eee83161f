/* Attacks: a CPU clock that starts anew when a program executes another: this one executes itself.
 * Limits: cpu_ms=300 wall_ms=20000
 * Expect: outcome=cpu limit=cpu
 */
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    (void)argc;
    while (clock() < CLOCKS_PER_SEC / 50)
        ;
    execv("/proc/self/exe", argv);
    return 1;
}
