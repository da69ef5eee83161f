/* Attacks: the filter, by a later one that allows everything.
 * Expect: outcome=forbidden signal=31 call=ptrace
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>

int main(void)
{
    struct sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
    const struct sock_fprog filter = {1, &allow};
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
    return (int)ptrace(PTRACE_TRACEME, 0, 0, 0);
}
