/* Attacks: a filter that knows only one numbering of calls, from 32-bit code: a far jump leads there.
 * A kernel without that entry ends it with SIGSEGV.
 * Expect: outcome=forbidden|signalled call=i386:20|
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>

int main(void)
{
    static const unsigned char code[] = {0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0xf4}; /* mov $20, %eax; int $0x80; hlt */
    void *page = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    memcpy(page, code, sizeof code);
    const struct {
        unsigned offset;
        unsigned short segment;
    } __attribute__((packed)) target = {(unsigned)(unsigned long)page, 0x23};
    __asm__ volatile("ljmp *%0" : : "m"(target));
    return 0;
}
