/* Attacks: the network, by raw packets and by the kernel's own families.
 * Expect: outcome=exited exit_code=0
 */
#include <sys/socket.h>

int main(void)
{
    static const int wanted[][3] = {{AF_INET, SOCK_RAW, 1},     {AF_INET, SOCK_RAW, 255}, {AF_INET6, SOCK_RAW, 58},
                                    {AF_PACKET, SOCK_RAW, 768}, {AF_NETLINK, SOCK_RAW, 0}, {AF_NETLINK, SOCK_RAW, 9},
                                    {AF_VSOCK, SOCK_STREAM, 0}, {AF_ALG, SOCK_SEQPACKET, 0}, {AF_INET, SOCK_DGRAM, 1}};
    for (unsigned i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (socket(wanted[i][0], wanted[i][1], wanted[i][2]) >= 0)
            return 1 + (int)i;
    return 0;
}
