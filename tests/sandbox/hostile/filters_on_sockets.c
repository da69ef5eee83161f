/* Attacks: the host's memory, by filters on sockets: nothing counts what the kernel makes of them.
 * Expect: outcome=exited exit_code=0
 */
#include <linux/filter.h>
#include <sys/socket.h>

int main(void)
{
    static struct sock_filter instructions[4096];
    for (int i = 0; i < 4095; i++)
        instructions[i] = (struct sock_filter){BPF_ALU | BPF_XOR | BPF_K, 0, 0, (unsigned)i};
    instructions[4095] = (struct sock_filter){BPF_RET | BPF_K, 0, 0, 0};
    const struct sock_fprog filter = {4096, instructions};
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return 1;
    return setsockopt(pair[0], SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0 ? 2 : 0;
}
