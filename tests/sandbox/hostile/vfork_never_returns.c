/* Attacks: the judge's patience, by a parent that no signal wakes while its vfork child lives.
 * Limits: processes=4 wall_ms=300
 * Expect: outcome=wall limit=wall
 */
#include <unistd.h>

int main(void)
{
    if (vfork() == 0)
        for (;;)
            pause();
    return 0;
}
