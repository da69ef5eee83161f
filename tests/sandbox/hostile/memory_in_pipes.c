/* Attacks: the memory limit, by what waits in pipes.
 * Limits: memory_kib=16384
 * Expect: outcome=memory limit=memory
 * Not stopped at user,restricted: only the resident pages of processes are counted, and a pipe is none.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

static char block[65536];

int main(void)
{
    int ends[2];
    while (pipe2(ends, O_NONBLOCK) == 0)
        while (write(ends[1], block, sizeof block) > 0)
            ;
    return 1;
}
