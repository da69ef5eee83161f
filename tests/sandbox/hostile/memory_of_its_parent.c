/* Attacks: the supervisor, by reading its memory.
 * Expect: outcome=forbidden signal=31 call=process_vm_readv
 */
#define _GNU_SOURCE
#include <sys/uio.h>
#include <unistd.h>

int main(void)
{
    char bytes[8];
    struct iovec here = {bytes, sizeof bytes}, there = {(void *)0x400000, sizeof bytes};
    return process_vm_readv(getppid(), &here, 1, &there, 1, 0) == sizeof bytes;
}
