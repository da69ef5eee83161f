/* Attacks: a memory limit that holds for each process alone.
 * Limits: memory_kib=32768 processes=8
 * Expect: outcome=memory
 */
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 6 && fork() != 0; i++)
        ;
    volatile char *block = malloc(8 << 20);
    for (int i = 0; i < 8 << 20; i += 4096)
        block[i] = 1;
    for (int i = 0; i < 20; i++)
        usleep(10000);
    return 0;
}
