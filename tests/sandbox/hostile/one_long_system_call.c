/* Attacks: the CPU clock, by one system call that takes minutes.
 * Limits: cpu_ms=300 wall_ms=20000
 * Expect: outcome=cpu limit=cpu wall_us<=4000000
 */
#include <sys/mman.h>
#include <sys/random.h>

int main(void)
{
    const unsigned long size = 1ul << 40;
    char *space = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    for (;;) {
        getrandom(space, 1 << 20, 0);
        mprotect(space, size, PROT_READ | PROT_WRITE);
        madvise(space, size, MADV_DONTNEED);
    }
}
