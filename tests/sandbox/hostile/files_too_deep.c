/* Attacks: the limit on output, by files so deep that nobody looks for them.
 * Limits: output_kib=8192 wall_ms=6000
 * Expect: outcome=exited|output exit_code=7|0
 * At namespaces,restricted: outcome=output limit=inodes|total_size
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char block[1 << 20];

int main(void)
{
    int failed = 0;
    for (int i = 0; i < 70; i++)
        if (mkdir("d", 0755) != 0 || chdir("d") != 0)
            return 1;
    for (int i = 0; i < 8; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        int file = open(name, O_CREAT | O_WRONLY, 0600);
        for (int j = 0; j < 4; j++)
            failed |= write(file, block, sizeof block) != sizeof block;
        close(file);
    }
    sleep(2);
    return failed ? 7 : 0;
}
