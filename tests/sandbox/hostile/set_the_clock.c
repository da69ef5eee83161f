/* Attacks: everybody's clock.
 * Expect: outcome=forbidden signal=31 call=clock_settime
 */
#include <time.h>

int main(void)
{
    const struct timespec past = {0, 0};
    return clock_settime(CLOCK_REALTIME, &past);
}
