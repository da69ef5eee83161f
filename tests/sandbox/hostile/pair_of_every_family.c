/* Attacks: the network, by pairs of sockets of other families, and by noise above the family's 32 bits.
 * Expect: outcome=exited exit_code=0
 */
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    int pair[2];
    for (long family = 0; family < 50; family++)
        for (long type = 1; type <= 5; type++) {
            if (family != AF_UNIX && socketpair((int)family, (int)type, 0, pair) == 0)
                return 1;
            if (family != AF_UNIX && syscall(SYS_socketpair, family | 1l << 32, type, 0, pair) == 0)
                return 2;
            if (syscall(SYS_socket, family | 1l << 32, type, 0) >= 0)
                return 3;
        }
    return 0;
}
