/* Attacks: the host's files. None of these may be there, and nothing given may be written.
 * Expect: outcome=exited exit_code=0
 * Not stopped at user: the program is of the user who gave it its files. Its box is new in each run.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int main(void)
{
    static const char *const secrets[] = {"/etc/shadow", "/root", "/home", "/var", "/sys", "/proc/1/environ", "/proc/sys",
                                          "/etc/hostname", "/dev/kmsg", "/dev/tty", "/dev/vda", "/boot", "/proc/kcore"};
    static const char *const given[] = {"/usr/bin/new", "/etc/new", "/new", "/dev/new", "program", "/run/new"};
    for (unsigned i = 0; i < sizeof secrets / sizeof *secrets; i++)
        if (open(secrets[i], O_RDONLY) >= 0)
            return 10 + (int)i;
    for (unsigned i = 0; i < sizeof given / sizeof *given; i++)
        if (open(given[i], O_WRONLY | O_CREAT, 0600) >= 0)
            return 40 + (int)i;
    return unlink("program") == 0;
}
