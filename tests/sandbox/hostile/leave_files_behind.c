/* Attacks: the next run, by files left in /tmp, /box and /dev/shm: this finds what the same program left.
 * Expect: outcome=exited exit_code=0
 */
#include <fcntl.h>

int main(void)
{
    static const char *const names[] = {"/tmp/left", "/box/left", "/dev/shm/left-too"};
    for (int i = 0; i < 3; i++)
        if (open(names[i], O_RDONLY) >= 0 || open(names[i], O_CREAT | O_WRONLY, 0666) < 0)
            return 1 + i;
    return 0;
}
