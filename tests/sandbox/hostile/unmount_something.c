/* Attacks: the file system, by taking away what is mounted: what lies below would show.
 * Expect: outcome=exited exit_code=0
 */
#include <sys/mount.h>

int main(void)
{
    static const char *const places[] = {"/tmp", "/box", "/proc", "/usr", "/dev/null", "/etc/alternatives", ".", "/"};
    for (int i = 0; i < 8; i++)
        if (umount2(places[i], MNT_DETACH) == 0 || umount2(places[i], MNT_FORCE) == 0)
            return 1 + i;
    return 0;
}
