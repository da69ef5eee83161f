/* Attacks: the filter, by clone3, whose flags it cannot see. The call must not exist.
 * Expect: outcome=exited exit_code=0
 */
#include <errno.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    struct clone_args arguments = {.flags = 0x10000000 /* CLONE_NEWUSER */};
    return syscall(SYS_clone3, &arguments, sizeof arguments) == -1 && errno == ENOSYS ? 0 : 1;
}
