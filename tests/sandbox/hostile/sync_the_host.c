/* Attacks: the host's disks, by having all of their caches written, which nobody is charged for.
 * Expect: outcome=exited exit_code=0
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    int shared = open("/usr/bin/env", O_RDONLY);
    return syscall(SYS_sync) == 0 || syncfs(shared) == 0;
}
