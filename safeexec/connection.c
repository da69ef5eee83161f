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
#include <sys/time.h>
#include <unistd.h>

enum { ANSWER_S = 2 };

struct connection {
    int socket, stop;
    struct slot_context *slot;
};

static bool peer_is_allowed(int socket, uid_t owner)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == geteuid() || peer.uid == owner);
}

/* ---- answers ---------------------------------------------------------------------------------------------- */

/* A peer that has gone is seen at the next receive; one that does not listen is given up. */
static void packet_send(int socket, const char *packet, size_t size, int fd)
{
    const struct iovec part = {(void *)(uintptr_t)packet, size};
    if (message_send(socket, &part, 1, &fd, fd >= 0) < 0 && errno == EAGAIN)
        shutdown(socket, SHUT_RDWR);
}

static void fault_send(int socket, const char *whose, const struct fault *fault)
{
    char packet[300];
    int size = snprintf(packet, sizeof packet, "error=%s%cfault=%s%c", fault->text, 0, whose, 0);
    packet_send(socket, packet, (size_t)size, -1);
}

static void hello_send(int socket, enum level level, unsigned index, unsigned slots)
{
    char packet[100];
    int size = snprintf(packet, sizeof packet, "safeexec=%s%cisolation=%s%cslot=%u%cslots=%u%c", SAFEEXEC_VERSION, 0,
                        level_name(level), 0, index, 0, slots, 0);
    packet_send(socket, packet, (size_t)size, -1);
}

/* ---- one request ---------------------------------------------------------------------------------------------- */

static void run_answer(struct connection *connection, struct run *run)
{
    struct slot_context *slot = connection->slot;
    struct fault fault = {""};
    struct report report;
    char answer[600];
    if (slot_run(slot, run, &report, &fault) < 0) {
        fault_send(connection->socket, slot->ledger->unexecutable ? "program" : "sandbox", &fault);
        return;
    }
    size_t size = report_encode(&report, answer, sizeof answer);
    packet_send(connection->socket, answer, size, slot->box.folder);
}

static void request_serve(struct connection *connection, char *packet, struct message *message)
{
    static struct request request;
    static char copy[REQUEST_MAX_BYTES];
    struct slot_context *slot = connection->slot;
    struct fault fault = {""};
    size_t size = (size_t)message->size;
    memcpy(copy, packet, size);
    struct run run = {.request = &request, .packet = copy, .packet_size = size, .control = connection->socket,
                      .stop = connection->stop};
    if (!message->whole)
        fault_set(&fault, "the request is longer than %d bytes or has more than %d descriptors", REQUEST_MAX_BYTES,
                  MESSAGE_MAX_FDS);
    else if (request_parse(&request, packet, size, &fault) == 0 && message->fd_count != 3 + request.filec)
        fault_set(&fault, "%zu descriptors came, %zu are wanted", message->fd_count, 3 + request.filec);
    if (fault.text[0]) {
        fault_send(connection->socket, "request", &fault);
        return;
    }
    slot_forget_last_box(slot);
    run.limits = request.limits;
    if (stub_await(slot, &fault) < 0) {
        slot->broken = true;
        fault_send(connection->socket, "sandbox", &fault);
    } else if (slot_fill(slot, &request, message->fds + 3, &fault) < 0) {
        fault_send(connection->socket, "request", &fault);
    } else {
        memcpy(run.stdio, message->fds, sizeof run.stdio);
        /* The run closes these three as soon as the program has them. */
        message->fds[0] = message->fds[1] = message->fds[2] = -1;
        run_answer(connection, &run);
    }
    slot_recycle(slot);
}

/* Returns false when the peer has gone, or the slot is to stop. */
static bool packet_serve(struct connection *connection)
{
    static char packet[REQUEST_MAX_BYTES];
    static struct message message;
    struct pollfd polled[] = {{.fd = connection->socket, .events = POLLIN}, {.fd = connection->stop, .events = POLLIN}};
    if (poll(polled, 2, -1) < 0)
        return errno == EINTR;
    if (polled[1].revents)
        return false;
    const struct iovec part = {packet, sizeof packet};
    message_receive(connection->socket, &part, 1, &message);
    bool alive = message.size > 0;
    /* A kill that crossed the answer to what it was meant for. */
    bool late_kill = message.size == 5 && memcmp(packet, "kill", 5) == 0;
    if (alive && !late_kill)
        request_serve(connection, packet, &message);
    message_close_fds(&message);
    return alive && !connection->slot->broken && !connection->slot->unkillable;
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

static _Noreturn void slot_exit(struct slot_context *slot, int status)
{
    slot_close(slot);
    exit(status);
}

static void peer_serve(struct connection *connection, const struct options *options, unsigned index)
{
    if (peer_is_allowed(connection->socket, options->owner)) {
        hello_send(connection->socket, connection->slot->host->level, index, options->slots);
        while (packet_serve(connection))
            ;
    }
    close(connection->socket);
    slot_forget_last_box(connection->slot);
}

void slot_serve(const struct options *options, struct slot_context *slot, unsigned index, int listener, int ready)
{
    struct fault fault = {""};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int stop = stop_signal_open();
    if (slot_open(slot, &fault) < 0) {
        warn("slot %u: %s", index, fault.text);
        slot_exit(slot, EXIT_BROKEN);
    }
    ssize_t ignored = write(ready, "", 1);
    (void)ignored;
    close(ready);
    for (;;) {
        struct pollfd polled[] = {{.fd = listener, .events = POLLIN}, {.fd = stop, .events = POLLIN}};
        poll(polled, 2, -1);
        if (polled[1].revents)
            slot_exit(slot, 0);
        int socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (socket < 0)
            continue; /* another slot was faster */
        /* A client that takes no answers shall not keep the slot. */
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){.tv_sec = ANSWER_S}, sizeof(struct timeval));
        struct connection connection = {socket, stop, slot};
        peer_serve(&connection, options, index);
        /* The service starts a fresh one. */
        if (slot->unkillable)
            slot_exit(slot, EXIT_QUARANTINED);
        if (slot->broken)
            slot_exit(slot, EXIT_BROKEN);
    }
}
