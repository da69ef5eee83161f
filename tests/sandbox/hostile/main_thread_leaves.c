/* Attacks: a supervisor that takes the end of the first thread for the end of the program.
 * Limits: processes=4 cpu_ms=300 wall_ms=20000
 * Expect: outcome=cpu limit=cpu
 */
#include <pthread.h>

static void *burn(void *unused)
{
    for (;;)
        __asm__ volatile("");
    return unused;
}

int main(void)
{
    pthread_t thread;
    if (pthread_create(&thread, 0, burn, 0) != 0)
        return 1;
    pthread_exit(0);
}
