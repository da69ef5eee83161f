/* Attacks: the verdict, by a report on every descriptor there is, before it crashes.
 * Limits: open_files=1024
 * Expect: outcome=signalled signal=6 exit_code=0
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
    static const char forged[] = "outcome=exited\0exit_code=0\0signal=0\0cpu_us=1\0wall_us=1\0memory_kib=1";
    for (int fd = 0; fd < 1024; fd++) {
        send(fd, forged, sizeof forged, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (write(fd, forged, sizeof forged) < 0 && fd <= STDERR_FILENO && fd > 0)
            return 1;
    }
    abort();
}
