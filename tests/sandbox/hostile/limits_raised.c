/* Attacks: the limits, by raising them.
 * Expect: outcome=exited exit_code=0
 */
#define _GNU_SOURCE
#include <sys/resource.h>
#include <unistd.h>

int main(void)
{
    static const int bounded[] = {RLIMIT_CPU,   RLIMIT_STACK,    RLIMIT_FSIZE,      RLIMIT_CORE, RLIMIT_NOFILE,
                                  RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE, RLIMIT_SIGPENDING, RLIMIT_NICE, RLIMIT_RTPRIO};
    for (unsigned i = 0; i < sizeof bounded / sizeof *bounded; i++) {
        struct rlimit now;
        if (getrlimit(bounded[i], &now) != 0 || now.rlim_max == RLIM_INFINITY)
            return 10 + (int)i;
        struct rlimit more = {now.rlim_max + 1, now.rlim_max + 1}, all = {RLIM_INFINITY, RLIM_INFINITY};
        if (setrlimit(bounded[i], &more) == 0 || prlimit(getpid(), bounded[i], &all, 0) == 0)
            return 30 + (int)i;
    }
    return 0;
}
