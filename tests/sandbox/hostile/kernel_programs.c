/* Attacks: the kernel, by a program of ours in it.
 * Expect: outcome=forbidden signal=31 call=bpf
 */
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    char attributes[128] = {1, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 1};
    return (int)syscall(SYS_bpf, 0, attributes, sizeof attributes);
}
