/* Attacks: the CPU clock, by threads: all of them count.
 * Limits: processes=8 cpu_ms=400 wall_ms=20000
 * Expect: outcome=cpu limit=cpu cpu_us>=400000
 */
#include <pthread.h>
#include <unistd.h>

static void *burn(void *unused)
{
    for (;;)
        __asm__ volatile("");
    return unused;
}

int main(void)
{
    pthread_t thread;
    for (int i = 0; i < 4; i++)
        pthread_create(&thread, 0, burn, 0);
    pause();
}
