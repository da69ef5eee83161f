/* Attacks: the supervisor, by the kernel's choice of whom to end when memory is short: where little is
 * allowed, the kernel's way of counting made no difference between the program and its keepers.
 * Limits: memory_kib=1024 processes=8 cpu_ms=2000
 * Expect: outcome=memory limit=memory
 * At user,restricted: outcome=memory|cpu|exited|signalled limit=memory|cpu|none
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static char block[4096];

int main(void)
{
    for (int i = 0; i < 6 && fork() != 0; i++)
        ;
    for (int tries = 0; tries < 4000; tries++) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0)
            fork();
        else
            while (write(pair[1], block, sizeof block) > 0)
                ;
    }
    return 0;
}
