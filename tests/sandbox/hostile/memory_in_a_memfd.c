/* Attacks: the memory limit, by an anonymous file.
 * Limits: memory_kib=32768 output_kib=100000
 * Expect: outcome=memory limit=memory memory_event=killed
 * Not stopped at user,restricted: only the resident pages of processes are counted, and a file in memory is none.
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
