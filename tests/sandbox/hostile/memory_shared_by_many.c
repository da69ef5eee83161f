/* Attacks: a memory limit that holds for each process alone.
 * Limits: memory_kib=32768 processes=8
 * Expect: outcome=memory limit=memory memory_event=killed
 */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 6; i++)
        if (fork() == 0) {
            memset(malloc(8 << 20), 1, 8 << 20);
            pause();
        }
    wait(0);
    return 0;
}
