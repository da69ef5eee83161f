/* Attacks: the other slot, by what its program has: files in its box and in shared folders, System V
 * shared memory.
 * Expect: outcome=exited exit_code=0
 */
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

int main(void)
{
    static const char *const names[] = {"neighbour-was-here", "/tmp/neighbour-was-here", "/box/neighbour",
                                        "/dev/shm/neighbour-was-here", "/var/tmp/neighbour-was-here"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (access(names[i], F_OK) == 0)
            return 1 + (int)i;
    return shmget(4712, 4096, 0) == -1 ? 0 : 9;
}
