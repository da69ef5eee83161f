/* Attacks: the disk, and the host's handler of core dumps, by a dump of much memory.
 * Expect: outcome=signalled signal=6
 */
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

int main(void)
{
    prctl(PR_SET_DUMPABLE, 1);
    memset(malloc(16 << 20), 1, 16 << 20);
    abort();
}
