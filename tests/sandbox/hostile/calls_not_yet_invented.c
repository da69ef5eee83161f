/* Attacks: a filter that lists what is bad, by calls newer than it. They must not exist: among those of
 * Linux 6.15 is a new way to mount.
 * Expect: outcome=exited exit_code=0
 */
#include <errno.h>
#include <unistd.h>

int main(void)
{
    for (long call = 464; call < 1024; call++)
        if (syscall(call, -1, 0, 0, 0, 0, 0) != -1 || errno != ENOSYS)
            return 1;
    return 0;
}
