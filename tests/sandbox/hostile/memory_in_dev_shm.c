/* Attacks: the memory limit, by POSIX shared memory.
 * Limits: memory_kib=32768 output_kib=100000
 * Expect: outcome=memory limit=memory
 * At namespaces,restricted: outcome=exited exit_code=1 limit=none
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
    int file = open("/dev/shm/big", O_CREAT | O_RDWR, 0600);
    if (file < 0 || ftruncate(file, 96 << 20) != 0)
        return 1;
    char *block = mmap(0, 96 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    memset(block, 1, 96 << 20);
    return 2;
}
