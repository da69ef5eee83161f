/* Attacks: the memory limit, by page tables: a page is read in every 2 MiB of 64 GiB, and none is its own.
 * Limits: memory_kib=32768
 * Expect: outcome=memory limit=memory
 * Not stopped at user,restricted: only the resident pages of processes are counted, and a page table is none.
 */
#define _GNU_SOURCE
#include <sys/mman.h>

int main(void)
{
    const unsigned long size = 64ul << 30;
    volatile char *space = mmap(0, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (space == MAP_FAILED)
        return 2;
    madvise((void *)space, size, MADV_NOHUGEPAGE);
    int sum = 0;
    for (unsigned long i = 0; i < size; i += 2 << 20)
        sum += space[i];
    return 1 + sum;
}
