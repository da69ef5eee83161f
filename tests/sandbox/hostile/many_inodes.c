/* Attacks: the inodes, by empty files without end.
 * Limits: cpu_ms=1000
 * Expect: outcome=output exit_code=7 limit=inodes inodes>=1000
 * At namespaces,restricted: outcome=output|cpu exit_code=0|7 limit=inodes|cpu
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 200000; i++) {
        char name[32];
        snprintf(name, sizeof name, "%d", i);
        int file = open(name, O_CREAT | O_WRONLY, 0600);
        if (file < 0)
            return 7;
        close(file);
    }
    return 0;
}
