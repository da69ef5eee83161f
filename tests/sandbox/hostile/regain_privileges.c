/* Attacks: the identity: no capability, no set-id, no way back to root.
 * Expect: outcome=exited exit_code=0
 */
#define _GNU_SOURCE
#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(void)
{
    gid_t groups[64];
    if (getuid() == 0 || geteuid() == 0 || getgid() == 0 || getgroups(64, groups) != 0)
        return 1;
    if (setuid(0) == 0 || setresuid(0, 0, 0) == 0 || setgid(0) == 0 || setgroups(0, 0) == 0)
        return 2;
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
        if (prctl(PR_CAPBSET_READ, capability) != 0)
            return 3;
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 4;
}
