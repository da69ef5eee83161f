/* Attacks: the memory limit, by files, which are memory.
 * Limits: memory_kib=32768 output_kib=100000
 * Expect: outcome=memory limit=memory memory_event=killed
 * At namespaces,user,restricted: outcome=output|memory limit=file_size|memory memory_event=none|killed
 */
#include <fcntl.h>
#include <unistd.h>

static char block[1 << 20];

int main(void)
{
    int file = open("big", O_CREAT | O_WRONLY, 0600);
    for (;;)
        if (write(file, block, sizeof block) <= 0)
            return 1;
}
