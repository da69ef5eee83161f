/* Attacks: whoever cleans up, by a tree of 60,000 nested folders; and the inodes.
 * Limits: cpu_ms=300
 * Expect: outcome=cpu|output|exited exit_code=0|7
 */
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 60000; i++)
        if (mkdir("d", 0700) != 0 || chdir("d") != 0)
            return 7;
    return 0;
}
