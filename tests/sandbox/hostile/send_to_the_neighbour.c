/* Attacks: the other slot, by an abstract name that its program listens at; with a pair of datagram
 * sockets, which may be sent anywhere.
 * Expect: outcome=exited exit_code=0
 */
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(void)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0neighbour"};
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0)
        return 0;
    if (sendto(pair[0], "x", 1, 0, (const struct sockaddr *)&address, sizeof address) == 1)
        return 1;
    return connect(pair[0], (const struct sockaddr *)&address, sizeof address) == 0 ? 2 : 0;
}
