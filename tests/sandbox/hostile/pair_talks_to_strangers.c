/* Attacks: listeners outside, by a pair of datagram sockets: they need no socket() and may be sent
 * anywhere.
 * Expect: outcome=exited exit_code=0
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static int reach(int type, const char *name, size_t length)
{
    int pair[2];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, name, length);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    if (socketpair(AF_UNIX, type, 0, pair) != 0)
        return 0;
    if (type == SOCK_DGRAM && sendto(pair[0], "hello", 5, 0, (const struct sockaddr *)&address, size) == 5)
        return 1;
    return connect(pair[1], (const struct sockaddr *)&address, size) == 0;
}

int main(void)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    static const char *const names[] = {"stream", "dgram"};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 2; j++) {
            char abstract[100] = "", path[100];
            int length = snprintf(abstract + 1, 90, "%s-%s", getenv("HOST_ABSTRACT"), names[j]);
            snprintf(path, sizeof path, "%s/%s", getenv("HOST_FOLDER"), names[j]);
            if (reach(types[i], abstract, (size_t)length + 1) || reach(types[i], path, strlen(path) + 1))
                return 1 + i * 2 + j;
        }
    return 0;
}
