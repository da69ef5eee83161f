/* Attacks: the host's memory, by locking it.
 * Expect: outcome=exited exit_code=0
 */
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>

int main(void)
{
    if (mlock(malloc(1 << 20), 1 << 20) == 0 || mlockall(MCL_CURRENT | MCL_FUTURE) == 0)
        return 1;
    int id = shmget(IPC_PRIVATE, 1 << 20, IPC_CREAT | 0600);
    return shmctl(id, SHM_LOCK, 0) == 0 ? 2 : 0;
}
