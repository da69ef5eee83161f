/* Attacks: a memory limit that does not see pages part when a child writes them.
 * Limits: memory_kib=32768 processes=4
 * Expect: outcome=memory limit=memory memory_event=killed
 */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    char *block = malloc(12 << 20);
    memset(block, 1, 12 << 20);
    for (int i = 0; i < 3; i++)
        if (fork() == 0) {
            memset(block, 2, 12 << 20);
            pause();
        }
    wait(0);
    return 0;
}
