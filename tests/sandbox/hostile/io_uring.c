/* Attacks: the filter, by calls made through io_uring. It must not exist.
 * Expect: outcome=exited exit_code=0
 */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    char parameters[512] = {0};
    return syscall(SYS_io_uring_setup, 4, parameters) == -1 && errno == ENOSYS ? 0 : 1;
}
