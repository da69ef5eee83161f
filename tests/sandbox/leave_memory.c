/* Leaves memory behind: argv[1] names that the kernel remembers not to have found, and argv[2] MiB in a file. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char block[1 << 20];

int main(int argc, char **argv)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    for (int i = 0; i < (argc > 2 ? atoi(argv[1]) : 0); i++) {
        char name[300];
        snprintf(name, sizeof name, "/usr/%ld%ld-%d-%0200d", (long)now.tv_sec, now.tv_nsec, i, 0);
        access(name, F_OK);
    }
    memset(block, 1, sizeof block);
    int file = open("big", O_CREAT | O_WRONLY, 0600);
    for (int i = 0; i < (argc > 2 ? atoi(argv[2]) : 0); i++)
        if (write(file, block, sizeof block) != sizeof block)
            return 1;
    return 0;
}
