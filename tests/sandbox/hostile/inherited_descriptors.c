/* Attacks: the verdict, by any descriptor of ours above 2 that a report could be written to.
 * Expect: outcome=exited exit_code=0
 */
#include <fcntl.h>
#include <unistd.h>

int main(void)
{
    static const char forged[] = "outcome=exited\0exit_code=0\0signal=0\0cpu_us=1\0wall_us=1\0memory_kib=1";
    for (int fd = 3; fd < 65536; fd++)
        if (fcntl(fd, F_GETFD) != -1 || write(fd, forged, sizeof forged) != -1)
            return 1;
    return 0;
}
