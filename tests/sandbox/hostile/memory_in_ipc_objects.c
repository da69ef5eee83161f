/* Attacks: the memory limit, by System V shared memory that is attached nowhere.
 * Limits: memory_kib=32768
 * Expect: outcome=memory limit=memory
 * Not stopped at user: only the resident pages of processes are counted, and such an object is none.
 * At restricted: outcome=exited exit_code=1 limit=none
 */
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

int main(void)
{
    for (;;) {
        int id = shmget(IPC_PRIVATE, 1 << 20, IPC_CREAT | 0600);
        if (id < 0)
            return 1;
        char *block = shmat(id, 0, 0);
        memset(block, 1, 1 << 20);
        shmdt(block);
    }
}
