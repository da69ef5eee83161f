/* Attacks nothing: 4 GiB reserved and never touched are no memory used.
 * Limits: memory_kib=32768
 * Expect: outcome=exited exit_code=0 limit=none memory_event=none
 */
#include <sys/mman.h>

int main(void)
{
    void *space = mmap(0, 4ul << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return space == MAP_FAILED;
}
