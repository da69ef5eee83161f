/* Users that programs run as: each of them by one slot at a time, of whatever safeexec. Without a PID namespace a
 * run is ended by killing all that its user may signal, and without a cgroup processes are counted by user. */
#include "safeexec.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { NOBODY = 65534 }; /* whom others use for all sorts of things */

/* An abstract socket's name is free again when its last descriptor is closed, however its owner ended: unix(7). */
static int name_take(uid_t uid)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "safeexec-user-%u", (unsigned)uid);
    int socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
    if (socket_ >= 0 && bind(socket_, (const struct sockaddr *)&address, size) == 0)
        return socket_;
    if (socket_ >= 0)
        close(socket_);
    return -1;
}

int user_take(struct user *user, const struct options *options, uid_t first, struct fault *fault)
{
    uid_t range = options->max_uid - options->min_uid + 1;
    for (uid_t i = 0; i < range; i++) {
        uid_t uid = options->min_uid + (first % range + i) % range;
        if (uid == NOBODY && range > 1)
            continue;
        user->lock = name_take(uid);
        user->uid = uid;
        if (user->lock >= 0)
            return 0;
        if (errno != EADDRINUSE)
            return fault_set(fault, "reserve the user %u: %s", (unsigned)uid, strerror(errno));
    }
    return fault_set(fault, "every user from %u to %u is in use by another safeexec", (unsigned)options->min_uid,
                     (unsigned)options->max_uid);
}
