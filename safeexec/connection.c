/* A slot's conversation with the executor: one packet asks, one packet answers. */
#include "safeexec.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

struct connection {
    int socket, stop;
    struct slot_context *slot;
    const struct cgroup_tree *tree;
};

struct received {
    ssize_t size;
    int fds[REQUEST_MAX_FDS];
    size_t fd_count;
    bool whole;
};

static bool peer_is_allowed(int socket, uid_t owner)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == 0 || peer.uid == owner);
}

/* ---- packets ---------------------------------------------------------------------------------------------- */

static void packet_receive(int socket, char *packet, struct received *received)
{
    static union {
        char bytes[CMSG_SPACE(REQUEST_MAX_FDS * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec part = {packet, REQUEST_MAX_BYTES};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    *received = (struct received){.size = recvmsg(socket, &message, MSG_CMSG_CLOEXEC)};
    received->whole = !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC));
    const struct cmsghdr *header = received->size < 0 ? NULL : CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
        received->fd_count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(received->fds, CMSG_DATA(header), received->fd_count * sizeof(int));
    }
}

static void fds_close(struct received *received)
{
    for (size_t i = 0; i < received->fd_count; i++)
        if (received->fds[i] >= 0)
            close(received->fds[i]);
}

static void packet_send(int socket, const char *packet, size_t size, int fd)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {.bytes = {0}};
    struct iovec part = {(void *)(uintptr_t)packet, size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(header), &fd, sizeof fd);
    }
    /* A peer that has gone is seen at the next receive. */
    ssize_t ignored = sendmsg(socket, &message, MSG_NOSIGNAL);
    (void)ignored;
}

static void fault_send(int socket, const char *whose, const struct fault *fault)
{
    char packet[300];
    int size = snprintf(packet, sizeof packet, "error=%s%cfault=%s%c", fault->text, 0, whose, 0);
    packet_send(socket, packet, (size_t)size, -1);
}

static void hello_send(int socket, unsigned index)
{
    char packet[100];
    int size = snprintf(packet, sizeof packet, "safeexec=%s%cisolation=full%cslot=%u%c", SAFEEXEC_VERSION, 0, 0,
                        index, 0);
    packet_send(socket, packet, (size_t)size, -1);
}

/* ---- one request ---------------------------------------------------------------------------------------------- */

static void run_answer(struct connection *connection, struct run *run)
{
    struct fault fault = {""};
    struct report report = {0};
    char answer[300];
    if (slot_run(connection->slot, connection->tree, run, &report, &fault) < 0) {
        fault_send(connection->socket, connection->slot->ledger->unexecutable ? "program" : "sandbox", &fault);
        return;
    }
    size_t size = report_encode(&report, answer, sizeof answer);
    packet_send(connection->socket, answer, size, run->box.folder);
}

static void request_serve(struct connection *connection, char *packet, struct received *received)
{
    static struct request request;
    static char copy[REQUEST_MAX_BYTES];
    struct fault fault = {""};
    memcpy(copy, packet, (size_t)received->size);
    struct run run = {.request = &request, .packet = copy, .packet_size = (size_t)received->size,
                      .box = {-1, -1, 0}, .control = connection->socket, .stop = connection->stop};
    if (!received->whole)
        fault_set(&fault, "the request is longer than %d bytes or has more than %d descriptors",
                  REQUEST_MAX_BYTES, REQUEST_MAX_FDS);
    else if (request_parse(&request, packet, (size_t)received->size, &fault) == 0 &&
             received->fd_count != 3 + request.filec)
        fault_set(&fault, "%zu descriptors came, %zu are wanted", received->fd_count, 3 + request.filec);
    if (!fault.text[0])
        box_make(&run.box, &request, received->fds + 3, &fault);
    if (fault.text[0]) {
        fault_send(connection->socket, "request", &fault);
    } else {
        run.limits = request.limits;
        memcpy(run.stdio, received->fds, sizeof run.stdio);
        /* The run closes these three as soon as the program has them. */
        received->fds[0] = received->fds[1] = received->fds[2] = -1;
        run_answer(connection, &run);
    }
    box_close(&run.box);
}

/* Returns false when the peer has gone, or the slot is to stop. */
static bool packet_serve(struct connection *connection)
{
    static char packet[REQUEST_MAX_BYTES];
    struct pollfd polled[] = {{.fd = connection->socket, .events = POLLIN}, {.fd = connection->stop, .events = POLLIN}};
    if (poll(polled, 2, -1) < 0)
        return errno == EINTR;
    if (polled[1].revents)
        return false;
    struct received received;
    packet_receive(connection->socket, packet, &received);
    bool alive = received.size > 0;
    /* A kill that crossed the answer to what it was meant for. */
    bool late_kill = received.size == 5 && memcmp(packet, "kill", 5) == 0;
    if (alive && !late_kill)
        request_serve(connection, packet, &received);
    fds_close(&received);
    return alive && !connection->slot->broken;
}

/* ---- the slot's life --------------------------------------------------------------------------------------------- */

static int stop_signal_open(void)
{
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGCHLD);
    sigprocmask(SIG_SETMASK, &stop, NULL);
    sigdelset(&stop, SIGINT); /* Ctrl-C: the service tells us itself */
    sigdelset(&stop, SIGCHLD);
    return signalfd(-1, &stop, SFD_CLOEXEC);
}

static void slot_exit(struct slot_context *slot, const struct cgroup_tree *tree, int status)
{
    slot_close(slot, tree);
    exit(status);
}

void slot_serve(const struct options *options, const struct cgroup_tree *tree, unsigned index, int listener, int ready)
{
    struct fault fault = {""};
    struct slot_context slot = {.uid = options->min_uid + index,
                                .plan = {.work_dir = "/box", .shown = {{NULL, -1}, {NULL, -1}}}};
    char leaf[32];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int stop = stop_signal_open();
    snprintf(leaf, sizeof leaf, "slot-%u-%d", index, (int)getpid());
    if (slot_open(&slot, tree, leaf, &fault) < 0)
        die("slot %u: %s", index, fault.text);
    ssize_t ignored = write(ready, "", 1);
    (void)ignored;
    close(ready);
    for (;;) {
        struct pollfd polled[] = {{.fd = listener, .events = POLLIN}, {.fd = stop, .events = POLLIN}};
        poll(polled, 2, -1);
        if (polled[1].revents)
            slot_exit(&slot, tree, 0);
        int socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (socket < 0)
            continue; /* another slot was faster */
        struct connection connection = {socket, stop, &slot, tree};
        if (peer_is_allowed(socket, options->owner)) {
            hello_send(socket, index);
            while (packet_serve(&connection))
                ;
        }
        close(socket);
        if (slot.broken)
            slot_exit(&slot, tree, 1); /* the service starts a fresh one */
    }
}
