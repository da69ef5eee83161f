/* Attacks: whoever sits at the terminal, by characters put into its input; with noise above the 32 bits
 * that the kernel looks at.
 * Expect: outcome=exited exit_code=0
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    static const unsigned long requests[] = {TIOCSTI, TIOCLINUX, TIOCSTI | 0xdead00000000ul};
    for (int fd = 0; fd < 3; fd++)
        for (int i = 0; i < 3; i++)
            if (syscall(SYS_ioctl, fd, requests[i], "x") != -1 || errno != EPERM)
                return 1;
    return 0;
}
