/* Attacks: the kernel, by segments of a 16-bit program.
 * Expect: outcome=forbidden signal=31 call=modify_ldt
 */
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    char entry[16] = {0};
    return (int)syscall(SYS_modify_ldt, 1, entry, sizeof entry);
}
