/* Attacks: the output limit, by many files each below it, with SIGXFSZ ignored.
 * Limits: output_kib=4096
 * Expect: outcome=output limit=total_size written_kib>=4096
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static char block[1 << 20];

int main(void)
{
    signal(SIGXFSZ, SIG_IGN);
    for (int i = 0;; i++) {
        char name[32];
        snprintf(name, sizeof name, "%d", i);
        int file = open(name, O_CREAT | O_WRONLY, 0600);
        if (file < 0 || write(file, block, sizeof block) < (ssize_t)sizeof block)
            return 1;
        close(file);
    }
}
