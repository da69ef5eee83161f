/* Attacks: the process table, by forking without end.
 * Limits: processes=16 cpu_ms=300
 * Expect: outcome=cpu limit=cpu forks_refused>=1
 * At user,restricted: forks_refused>=0
 */
#include <unistd.h>

int main(void)
{
    for (;;)
        fork();
}
