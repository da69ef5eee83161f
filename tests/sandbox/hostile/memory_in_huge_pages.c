/* Attacks: the memory limit, by the huge pages that a host may have set aside for others: no memory
 * cgroup counts them.
 * Limits: memory_kib=16384 output_kib=100000
 * Expect: outcome=exited exit_code=0
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

enum { SIZE = 2 << 20 };

int main(void)
{
    char *page = mmap(0, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
    if (page != MAP_FAILED)
        return 1;
    int file = memfd_create("huge", MFD_HUGETLB);
    if (file >= 0 && mmap(0, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) != MAP_FAILED)
        return 2;
    return shmget(IPC_PRIVATE, SIZE, IPC_CREAT | SHM_HUGETLB | 0600) >= 0 ? 3 : 0;
}
