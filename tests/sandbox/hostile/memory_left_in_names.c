/* Attacks: the memory limit, by the names the kernel remembers not to have found. They outlive a run;
 * if they counted as there before the next one, that one could have their room as well. A child asks for
 * more than the limit first: it must be refused in the second run as in the first.
 * Limits: memory_kib=32768 processes=2
 * Expect: outcome=memory limit=memory
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
    const size_t size = 40 << 20;
    if (fork() == 0) {
        char *block = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        memset(block, 1, size);
        _exit(0);
    }
    wait(0);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    for (int i = 0; i < 40000; i++) {
        char name[300];
        struct stat status;
        snprintf(name, sizeof name, "/usr/bin/%ld%ld-%d-%0220d", (long)now.tv_sec, now.tv_nsec, i, 0);
        stat(name, &status);
    }
    return 0;
}
