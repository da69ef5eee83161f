/* Attacks: the supervisor, by a pipe whose owner it is made: the kernel would send it SIGKILL.
 * Expect: outcome=exited exit_code=5
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    const int victims[] = {1, getppid(), -1, atoi(getenv("HOST_PID"))};
    for (unsigned i = 0; i < sizeof victims / sizeof *victims; i++) {
        int ends[2];
        if (pipe(ends) != 0)
            return 1;
        fcntl(ends[0], F_SETOWN, victims[i]);
        fcntl(ends[0], F_SETSIG, SIGKILL);
        fcntl(ends[0], F_SETFL, O_ASYNC);
        if (write(ends[1], "x", 1) != 1)
            return 2;
    }
    return 5;
}
