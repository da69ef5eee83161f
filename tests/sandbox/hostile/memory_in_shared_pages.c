/* Attacks: a memory limit that counts private pages only.
 * Limits: memory_kib=32768 output_kib=100000
 * Expect: outcome=memory limit=memory
 */
#include <string.h>
#include <sys/mman.h>

int main(void)
{
    char *block = mmap(0, 96 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    memset(block, 1, 96 << 20);
    return 1;
}
