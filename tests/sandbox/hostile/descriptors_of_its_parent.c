/* Attacks: the supervisor, by taking its descriptors.
 * Expect: outcome=forbidden signal=31 call=pidfd_getfd
 */
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    return (int)syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, getppid(), 0), 3, 0);
}
