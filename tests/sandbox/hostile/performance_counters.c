/* Attacks: its neighbours' secrets, by the processor's counters.
 * Expect: outcome=forbidden signal=31 call=perf_event_open
 */
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    int attributes[32] = {0, 128};
    return (int)syscall(SYS_perf_event_open, attributes, 0, -1, -1, 0);
}
