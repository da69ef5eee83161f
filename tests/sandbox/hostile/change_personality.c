/* Attacks: the kernel's guards of memory, by a personality that makes all of it executable; with noise
 * above the 32 bits that the kernel looks at.
 * Expect: outcome=exited exit_code=0
 */
#include <errno.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    static const unsigned long wanted[] = {READ_IMPLIES_EXEC, ADDR_COMPAT_LAYOUT | MMAP_PAGE_ZERO, PER_LINUX32,
                                           READ_IMPLIES_EXEC | 1ul << 40};
    for (int i = 0; i < 4; i++)
        if (syscall(SYS_personality, wanted[i]) != -1 || errno != EPERM)
            return 1;
    return 0;
}
