#include "safeexec.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union fd_control {
    char bytes[CMSG_SPACE(MESSAGE_MAX_FDS * sizeof(int))];
    struct cmsghdr align;
};

int message_send(int socket, const struct iovec *parts, size_t count, const int *fds, size_t fd_count)
{
    static union fd_control control;
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts, .msg_iovlen = count};
    if (fd_count) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
        struct cmsghdr *header = &control.align; /* what CMSG_FIRSTHDR would find */
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
        memcpy(CMSG_DATA(header), fds, fd_count * sizeof(int));
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

void message_receive(int socket, const struct iovec *parts, size_t count, struct message *message)
{
    static union fd_control control;
    struct msghdr header = {.msg_iov = (struct iovec *)(uintptr_t)parts, .msg_iovlen = count,
                            .msg_control = control.bytes,
                            /* Not the whole buffer: it has room for one more than `fds`, as padding. */
                            .msg_controllen = CMSG_LEN(MESSAGE_MAX_FDS * sizeof(int))};
    message->fd_count = 0;
    message->size = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
    message->whole = !(header.msg_flags & (MSG_TRUNC | MSG_CTRUNC));
    const struct cmsghdr *rights = message->size < 0 ? NULL : CMSG_FIRSTHDR(&header);
    if (rights && rights->cmsg_level == SOL_SOCKET && rights->cmsg_type == SCM_RIGHTS) {
        message->fd_count = (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(message->fds, CMSG_DATA(rights), message->fd_count * sizeof(int));
    }
}

void message_close_fds(const struct message *message)
{
    for (size_t i = 0; i < message->fd_count; i++)
        if (message->fds[i] >= 0)
            close(message->fds[i]);
}
