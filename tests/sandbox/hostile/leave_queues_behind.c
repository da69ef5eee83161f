/* Attacks: the next run, by queues and semaphores left behind: this finds what the same program left.
 * Expect: outcome=exited exit_code=0
 */
#include <fcntl.h>
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>

int main(void)
{
    if (msgget(4711, 0) != -1 || semget(4711, 1, 0) != -1 || mq_open("/left", O_RDONLY) != -1)
        return 1;
    msgget(4711, IPC_CREAT | 0666);
    semget(4711, 1, IPC_CREAT | 0666);
    mq_open("/left", O_CREAT | O_RDWR, 0666, (void *)0);
    return 0;
}
