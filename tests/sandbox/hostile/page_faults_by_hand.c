/* Attacks: the kernel, by stopping it where it reads our memory.
 * Expect: outcome=forbidden signal=31 call=userfaultfd
 */
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    return (int)syscall(SYS_userfaultfd, 0);
}
