/* Attacks: who counts by asking the first thread for its children, by a child of another thread. It uses
 * much memory, and waits to be found.
 * Limits: memory_kib=65536 processes=4
 * Expect: outcome=memory limit=memory memory_event=killed
 */
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void *fork_and_touch(void *unused)
{
    const size_t size = 300 << 20;
    if (fork() == 0) {
        char *block = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        memset(block, 1, size);
        pause();
    }
    wait(0);
    return unused;
}

int main(void)
{
    pthread_t thread;
    if (pthread_create(&thread, 0, fork_and_touch, 0) != 0)
        return 1;
    pthread_join(thread, 0);
    return 0;
}
