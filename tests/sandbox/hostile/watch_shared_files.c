/* Attacks: the other slots, by watching which files of the toolchains they open. The neighbour opens
 * this one again and again.
 * Expect: outcome=exited exit_code=0
 */
#include <poll.h>
#include <sys/inotify.h>

int main(void)
{
    struct pollfd watch = {inotify_init(), POLLIN, 0};
    if (watch.fd < 0 || inotify_add_watch(watch.fd, "/usr/bin/env", IN_OPEN) < 0)
        return 0;
    return poll(&watch, 1, 300) == 1 ? 1 : 0;
}
