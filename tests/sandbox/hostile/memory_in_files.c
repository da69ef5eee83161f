/* Attacks: the memory limit, by files in /tmp, which are memory.
 * Limits: memory_kib=32768 output_kib=1000000
 * Expect: outcome=memory
 */
#include <fcntl.h>
#include <unistd.h>

static char block[1 << 20];

int main(void)
{
    int file = open("/tmp/big", O_CREAT | O_WRONLY, 0600);
    for (;;)
        if (write(file, block, sizeof block) <= 0)
            return 1;
}
