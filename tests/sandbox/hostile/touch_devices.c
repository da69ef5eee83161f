/* Attacks: the host's devices, by changing their times, which others see.
 * Expect: outcome=exited exit_code=0
 * Not stopped at namespaces,restricted: devices are the host's own where nothing can be mounted, and who may
 * write one may set its time to now.
 */
#include <fcntl.h>
#include <sys/stat.h>

int main(void)
{
    static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"};
    for (int i = 0; i < 5; i++)
        if (utimensat(AT_FDCWD, devices[i], 0, 0) == 0 || chmod(devices[i], 0600) == 0)
            return 1 + i;
    return 0;
}
