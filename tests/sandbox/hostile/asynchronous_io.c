/* Attacks: the host's other programs, by taking all the contexts for asynchronous I/O there are.
 * Expect: outcome=exited exit_code=0
 */
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    unsigned long context = 0;
    return syscall(SYS_io_setup, 30000, &context) == 0;
}
