/* Attacks: the file system, by the newer way to mount.
 * Expect: outcome=forbidden signal=31 call=fsopen
 */
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    return (int)syscall(SYS_fsopen, "tmpfs", 0);
}
