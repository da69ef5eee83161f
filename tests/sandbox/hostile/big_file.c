/* Attacks: the output limit, by one file.
 * Limits: output_kib=1024
 * Expect: outcome=output limit=file_size
 */
#include <fcntl.h>
#include <unistd.h>

static char block[1 << 16];

int main(void)
{
    int file = open("out", O_CREAT | O_WRONLY, 0600);
    for (;;)
        if (write(file, block, sizeof block) <= 0)
            return 1;
}
