/* Attacks nothing: files read are no memory used, even if they are larger than the limit.
 * Limits: memory_kib=16384
 * Expect: outcome=exited exit_code=0 memory_kib<=8192
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
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
    nftw("/usr/lib", file_read, 20, FTW_PHYS);
    return rest > 0;
}
