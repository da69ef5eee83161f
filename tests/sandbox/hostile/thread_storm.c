/* Attacks: the process table, by threads. The limit counts them like processes.
 * Limits: processes=16
 * Expect: outcome=exited exit_code=0 forks_refused>=1
 * At user,restricted: forks_refused>=0
 */
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

static void *sleep_for_ever(void *unused)
{
    for (;;)
        pause();
    return unused;
}

int main(void)
{
    pthread_t thread;
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 65536);
    for (int i = 1; i < 1000; i++)
        if (pthread_create(&thread, &small, sleep_for_ever, 0) != 0)
            return i <= 16 ? 0 : 1;
    return 2;
}
