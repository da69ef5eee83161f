/* Attacks: whoever is told of forbidden calls, by many of them at once and in a daemon.
 * Limits: processes=16
 * Expect: outcome=forbidden signal=31 call=ptrace
 */
#include <pthread.h>
#include <sys/ptrace.h>
#include <unistd.h>

static void *trace(void *unused)
{
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    return unused;
}

int main(void)
{
    pthread_t thread;
    if (fork() == 0)
        setsid();
    for (int i = 0; i < 6; i++)
        pthread_create(&thread, 0, trace, 0);
    for (;;)
        pause();
}
