/* Attacks: other runs of the same user, by keys that the kernel keeps for it.
 * Expect: outcome=exited exit_code=0
 */
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    long key = syscall(SYS_add_key, "user", "left", "mine", 4, -4 /* the user's keyring */);
    long found = syscall(SYS_request_key, "user", "left", 0, 0);
    long session = syscall(SYS_keyctl, 1 /* join a session */, "shared");
    return key >= 0 || found >= 0 || session >= 0;
}
