/* Attacks: the next run, by System V shared memory left behind: this finds what the same program left.
 * Expect: outcome=exited exit_code=0
 */
#include <sys/ipc.h>
#include <sys/shm.h>

int main(void)
{
    if (shmget(4711, 4096, 0) != -1)
        return 1;
    shmget(4711, 4096, IPC_CREAT | 0666);
    return 0;
}
