/* Attacks: the page cache that all share, by dropping a toolchain's file from it: everybody's next
 * compiler would wait for the disk.
 * Expect: outcome=exited exit_code=0
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int main(void)
{
    int file = open("/usr/bin/env", O_RDONLY);
    if (file < 0)
        return 1;
    return posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == EPERM ? 0 : 2;
}
