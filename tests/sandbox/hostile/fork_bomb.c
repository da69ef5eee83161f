/* Attacks: the process table, by forking without end. The kernel frees what each fork took a moment
 *   later, so memory may run out before time.
 * Limits: processes=16 cpu_ms=300
 * Expect: outcome=cpu|memory limit=cpu|memory forks_refused>=1
 * At user,restricted: forks_refused>=0
 */
#include <unistd.h>

int main(void)
{
    for (;;)
        fork();
}
