/* Attacks: the output limit, by room that is reserved and never written.
 * Limits: output_kib=4096
 * Expect: outcome=output limit=total_size
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    for (int i = 0;; i++) {
        char name[32];
        snprintf(name, sizeof name, "%d", i);
        int file = open(name, O_CREAT | O_WRONLY, 0600);
        if (file < 0 || posix_fallocate(file, 0, 1 << 20) != 0)
            return 1;
    }
}
