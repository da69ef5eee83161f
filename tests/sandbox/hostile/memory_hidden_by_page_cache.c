/* Attacks: the memory figure, by reading files after having used memory: what they take in the page
 * cache must not be taken off what was used before.
 * Limits: memory_kib=65536
 * Expect: outcome=exited exit_code=0 memory_kib>=48000
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static long rest = 60 << 20;

static int file_read(const char *path, const struct stat *status, int type, struct FTW *where)
{
    static char block[1 << 16];
    (void)status, (void)where;
    int file = type == FTW_F ? open(path, O_RDONLY) : -1;
    for (ssize_t size; rest > 0 && file >= 0 && (size = read(file, block, sizeof block)) > 0;)
        rest -= size;
    close(file);
    return rest <= 0;
}

int main(void)
{
    const size_t size = 50 << 20;
    char *block = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(block, 1, size);
    munmap(block, size);
    nftw("/usr/lib", file_read, 20, FTW_PHYS);
    return rest > 0;
}
