/* Attacks: whoever cleans up, by a tree of 60,000 nested folders; and the inodes.
 * Expect: outcome=exited|output exit_code=7|0 limit=inodes inodes>=1000
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
