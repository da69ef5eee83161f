/* Takes a megabyte at a time and uses it. */
#include <stdlib.h>

int main(void)
{
    for (;;) {
        volatile char *block = malloc(1 << 20);
        if (!block)
            return 0;
        for (int i = 0; i < 1 << 20; i += 4096)
            block[i] = 1;
    }
}
