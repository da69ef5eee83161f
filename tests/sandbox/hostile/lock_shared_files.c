/* Attacks: the other slots and the host, by locks and leases on files that all of them see: one would
 * wait for this program, or learn something from it.
 * Expect: outcome=exited exit_code=0
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

int main(void)
{
    int shared = open("/usr/bin/env", O_RDONLY);
    /* The neighbour has locked it, if that can be done. */
    if (flock(shared, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK)
        return 1;
    if (fcntl(shared, F_SETLEASE, F_RDLCK) == 0)
        return 2;
    struct flock all = {.l_type = F_WRLCK};
    return fcntl(shared, F_SETLK, &all) == 0 ? 3 : 0;
}
