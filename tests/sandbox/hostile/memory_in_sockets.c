/* Attacks: the memory limit, by what waits in pairs of sockets.
 * Limits: memory_kib=16384
 * Expect: outcome=memory limit=memory
 * Not stopped at user,restricted: only the resident pages of processes are counted, and a socket is none.
 */
#include <sys/socket.h>
#include <unistd.h>

static char block[65536];

int main(void)
{
    int ends[2];
    while (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0)
        while (write(ends[1], block, sizeof block) > 0)
            ;
    return 1;
}
