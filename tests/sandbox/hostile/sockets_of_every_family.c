/* Attacks: the network, the broker's port, other slots by abstract sockets, the host by vsock.
 * Expect: outcome=exited exit_code=0
 */
#include <sys/socket.h>

int main(void)
{
    for (int family = 0; family < 50; family++)
        for (int type = 1; type <= 5; type++)
            if (socket(family, type, 0) >= 0)
                return family + 1;
    return 0;
}
