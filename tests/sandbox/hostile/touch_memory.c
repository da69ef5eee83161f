/* Attacks: the memory limit, page by page.
 * Limits: memory_kib=32768
 * Expect: outcome=memory limit=memory memory_event=killed
 */
#include <stdlib.h>

int main(void)
{
    for (;;) {
        volatile char *block = malloc(1 << 20);
        if (!block)
            return 1;
        for (int i = 0; i < 1 << 20; i += 4096)
            block[i] = 1;
    }
}
