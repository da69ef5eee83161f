/* Attacks: the kernel, by a module of ours.
 * Expect: outcome=forbidden signal=31 call=finit_module
 */
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    return (int)syscall(SYS_finit_module, open("program", O_RDONLY), "", 0);
}
