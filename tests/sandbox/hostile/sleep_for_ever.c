/* Attacks: the judge's patience.
 * Limits: wall_ms=300
 * Expect: outcome=wall limit=wall
 */
#include <unistd.h>

int main(void)
{
    for (;;)
        sleep(1000);
}
