/* Attacks: the judge's patience, by two threads that wait for each other.
 * Limits: processes=4 wall_ms=300
 * Expect: outcome=wall limit=wall
 */
#include <pthread.h>

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;

static void *wait_for_first(void *unused)
{
    pthread_mutex_lock(&first);
    return unused;
}

int main(void)
{
    pthread_t thread;
    pthread_mutex_lock(&first);
    pthread_create(&thread, 0, wait_for_first, 0);
    pthread_mutex_lock(&second);
    pthread_join(thread, 0);
}
