/* Another contestant's program: what it has must be out of every attack's reach. It holds a lock on a
 * file that all slots see, reads that file again and again, has shared memory and files, and ends if
 * anybody sends it anything. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(void)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0neighbour"};
    int pair[2] = {-1, -1}, file = open("/usr/bin/env", O_RDONLY);
    socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
    bind(pair[0], (const struct sockaddr *)&address, sizeof address);
    flock(file, LOCK_EX | LOCK_NB);
    shmget(4712, 4096, IPC_CREAT | 0666);
    close(open("neighbour-was-here", O_CREAT | O_WRONLY, 0666));
    close(open("/dev/shm/neighbour-was-here", O_CREAT | O_WRONLY, 0666));
    puts("ready");
    fflush(stdout);
    for (char byte; recv(pair[0], &byte, 1, MSG_DONTWAIT) != 1; usleep(10000)) {
        int again = open("/usr/bin/env", O_RDONLY);
        if (read(again, &byte, 1) != 1)
            return 2;
        close(again);
    }
    return 1;
}
