/* Attacks: the CPU clock, by timers whose interrupts are nobody's time.
 * Limits: cpu_ms=200 wall_ms=20000
 * Expect: outcome=cpu limit=cpu
 */
#include <signal.h>
#include <time.h>
#include <unistd.h>

static void nothing(int number) { (void)number; }

int main(void)
{
    const struct itimerspec soon = {{0, 1000}, {0, 1000}};
    signal(SIGALRM, nothing);
    for (int i = 0; i < 100; i++) {
        timer_t timer;
        if (timer_create(CLOCK_MONOTONIC, 0, &timer) != 0)
            return 1;
        timer_settime(timer, 0, &soon, 0);
    }
    for (;;)
        pause();
}
