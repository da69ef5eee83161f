/* Attacks: the memory limit, by an anonymous file.
 * Limits: memory_kib=32768 output_kib=1000000
 * Expect: outcome=memory limit=memory memory_event=killed
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

static char block[1 << 20];

int main(void)
{
    int file = memfd_create("big", 0);
    for (;;)
        if (write(file, block, sizeof block) <= 0)
            return 1;
}
