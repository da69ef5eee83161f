/* Attacks: the host's handler of core dumps. It is kept off by a limit of 1, and no other number; so
 * this one lowers it to 0, in three ways.
 * Expect: outcome=signalled signal=6
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    const struct rlimit nothing = {0, 0};
    struct rlimit limit;
    if (syscall(SYS_setrlimit, RLIMIT_CORE, &nothing) == 0 || prlimit(0, RLIMIT_CORE, &nothing, &limit) == 0 ||
        syscall(SYS_prlimit64, 1L << 32, RLIMIT_CORE | 1L << 32, &nothing, 0) == 0)
        return 1;
    if (getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_cur != 1 || limit.rlim_max != 1)
        return 2;
    prctl(PR_SET_DUMPABLE, 1);
    abort();
}
