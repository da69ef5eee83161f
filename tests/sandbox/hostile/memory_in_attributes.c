/* Attacks: the memory limit, by extended attributes, which are no file's content. A kernel before 6.6
 * has none on tmpfs.
 * Limits: memory_kib=16384
 * Expect: outcome=exited|memory exit_code=0
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/xattr.h>

static char block[65536];

int main(void)
{
    for (int i = 0; i < 1000; i++) {
        char name[32];
        snprintf(name, sizeof name, "%d", i);
        int file = open(name, O_CREAT | O_WRONLY, 0600);
        for (int j = 0; j < 1000; j++) {
            snprintf(name, sizeof name, "user.%d", j);
            if (fsetxattr(file, name, block, sizeof block, 0) == 0)
                continue;
            if (j == 0)
                return 0;
            break;
        }
    }
    return 1;
}
