/* Attacks: the next run, by files left in the box and in shared folders: this finds what the same program
 * left.
 * Expect: outcome=exited exit_code=0
 */
#include <fcntl.h>

int main(void)
{
    static const char *const names[] = {"left", "/tmp/left", "/dev/shm/left-too", "/var/tmp/left", "/run/left"};
    for (int i = 0; i < 5; i++)
        if (open(names[i], O_RDONLY) >= 0)
            return 1 + i;
    for (int i = 0; i < 5; i++)
        if (open(names[i], O_CREAT | O_WRONLY, 0666) < 0 && i == 0)
            return 9;
    return 0;
}
