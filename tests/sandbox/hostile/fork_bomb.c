/* Attacks: the process table, by forking without end.
 * Limits: processes=16 cpu_ms=300
 * Expect: outcome=cpu
 */
#include <unistd.h>

int main(void)
{
    for (;;)
        fork();
}
