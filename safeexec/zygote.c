/* The zygote: prepared once per slot, it has in place all that runs share, so that a run costs a
 * clone, a few mounts and an exec. */
#include "safeexec.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* The descriptors of an order. Those of the leaf come with it on v2, where each run has a leaf of its
 * own; on v1 the zygote holds them. They are opened by the slot because a cgroup namespace may not
 * write the limits of its own root (cgroups(7), nsdelegate). */
enum { FD_BOX = 3, FD_LEAF, FD_MEMORY_NOW, FD_MEMORY_LIMIT, FD_CPU, ORDER_FDS };

/* ---- messages with descriptors (unix(7)) ------------------------------------------------------------ */

union fd_control {
    char bytes[CMSG_SPACE(ORDER_FDS * sizeof(int))];
    struct cmsghdr align;
};

static int message_send(int socket, const struct iovec *parts, size_t count, const int *fds, size_t fd_count)
{
    union fd_control control = {.bytes = {0}};
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts, .msg_iovlen = count};
    if (fd_count) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
        memcpy(CMSG_DATA(header), fds, fd_count * sizeof(int));
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

/* Fills `fds` (-1 where none came); returns the size of the data, 0 at the end, -1 on error. */
static ssize_t message_receive(int socket, const struct iovec *parts, size_t count, int fds[ORDER_FDS])
{
    union fd_control control;
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts, .msg_iovlen = count,
                             .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    for (int i = 0; i < ORDER_FDS; i++)
        fds[i] = -1;
    ssize_t size = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    const struct cmsghdr *header = size < 0 ? NULL : CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
        memcpy(fds, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
    return size;
}

/* ---- the zygote's own life ------------------------------------------------------------------------------ */

static long clone_stub(const struct slot_context *slot, int leaf_folder, int *pidfd)
{
    struct clone_args arguments = {
        .flags = CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNS | CLONE_PIDFD,
        .pidfd = (uintptr_t)pidfd,
        .exit_signal = SIGCHLD,
    };
    if (slot->leaf.version == 2) {
        arguments.flags |= (uint64_t)CLONE_INTO_CGROUP | (uint64_t)CLONE_NEWCGROUP;
        arguments.cgroup = (__u64)leaf_folder;
    }
    return syscall(SYS_clone3, &arguments, sizeof arguments);
}

static void order_execute(struct slot_context *slot, const struct order *order, char *packet, size_t size,
                          int fds[ORDER_FDS])
{
    static struct request request;
    struct fault fault = {""};
    int pidfd = -1;
    long child = clone_stub(slot, fds[FD_LEAF], &pidfd);
    if (child == 0) {
        if (slot->leaf.version == 2) {
            slot->leaf.memory_now = fds[FD_MEMORY_NOW];
            slot->leaf.memory_limit = fds[FD_MEMORY_LIMIT];
            slot->leaf.cpu = fds[FD_CPU];
        }
        /* The slot has found it sound; it is parsed again because it points into the packet. */
        request_parse(&request, packet, size, &fault);
        child_stub(slot, order, &request, fds);
    }
    int error = child < 0 ? errno : 0;
    const struct iovec answer = {&error, sizeof error};
    message_send(slot->zygote_socket, &answer, 1, &pidfd, pidfd >= 0);
    if (pidfd >= 0)
        close(pidfd);
}

static _Noreturn void zygote_loop(struct slot_context *slot)
{
    static char packet[REQUEST_MAX_BYTES];
    for (;;) {
        struct order order;
        int fds[ORDER_FDS];
        const struct iovec parts[] = {{&order, sizeof order}, {packet, sizeof packet}};
        ssize_t size = message_receive(slot->zygote_socket, parts, 2, fds);
        if (size <= (ssize_t)sizeof order)
            _exit(0); /* the slot is gone */
        order_execute(slot, &order, packet, (size_t)size - sizeof order, fds);
        for (int i = 0; i < ORDER_FDS; i++)
            if (fds[i] >= 0)
                close(fds[i]);
    }
}

/* Keeps the descriptors that stubs need, whatever their numbers, and closes all others but stderr. */
static void descriptors_close(const struct slot_context *slot)
{
    const struct cgroup_leaf *leaf = &slot->leaf;
    const int kept[] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, slot->zygote_socket, leaf->memory_now, leaf->memory_limit, leaf->memory_peak,
                        leaf->cpu, slot->plan.shown[0].mount, slot->plan.shown[1].mount};
    for (int fd = 0; fd < 1024; fd++) {
        bool keep = false;
        for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
            keep |= kept[i] == fd;
        if (!keep)
            close(fd);
    }
    close_range(1024, ~0u, 0);
}

static int zygote_prepare(const struct slot_context *slot, struct fault *fault)
{
    if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS) < 0)
        return fault_set(fault, "new namespaces: %s (safeexec needs CAP_SYS_ADMIN)", strerror(errno));
    if (sethostname("box", 3) < 0 || setdomainname("", 0) < 0)
        return fault_set(fault, "sethostname: %s", strerror(errno));
    if (rootfs_enter(&slot->plan, fault) < 0 || seccomp_build(fault) < 0)
        return -1;
    /* Programs inherit the bounding set: with it empty not even a file capability could give any. */
    for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0)
            return fault_set(fault, "drop capability %lu: %s", capability, strerror(errno));
    /* Last, so that what was built above is not charged to the programs. */
    if (cgroup_leaf_join(&slot->leaf, fault) < 0)
        return -1;
    if (slot->leaf.version == 1 && unshare(CLONE_NEWCGROUP) < 0)
        return fault_set(fault, "new cgroup namespace: %s", strerror(errno));
    return 0;
}

static _Noreturn void zygote_main(struct slot_context *slot)
{
    struct fault fault = {""};
    sigset_t term;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, "safeexec-zygote");
    /* A stub is born with SIGTERM blocked, so that a kill that comes early waits for it. */
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_SETMASK, &term, NULL);
    signal(SIGCHLD, SIG_IGN); /* the kernel reaps the stubs */
    setsid(); /* Ctrl-C at a terminal is the service's to handle */
    umask(022);
    zygote_prepare(slot, &fault);
    descriptors_close(slot);
    const struct iovec ready = {fault.text, sizeof fault.text};
    if (message_send(slot->zygote_socket, &ready, 1, NULL, 0) < 0 || fault.text[0])
        _exit(1);
    zygote_loop(slot);
}

/* ---- the slot's side -------------------------------------------------------------------------------------- */

int zygote_start(struct slot_context *slot, struct fault *fault)
{
    int sockets[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
        return fault_set(fault, "socketpair: %s", strerror(errno));
    slot->zygote = fork();
    if (slot->zygote == 0) {
        slot->zygote_socket = sockets[1];
        zygote_main(slot);
    }
    close(sockets[1]);
    slot->zygote_socket = sockets[0];
    if (slot->zygote < 0)
        return fault_set(fault, "fork the zygote: %s", strerror(errno));
    struct fault ready = {""};
    int none[ORDER_FDS];
    const struct iovec part = {ready.text, sizeof ready.text};
    if (message_receive(slot->zygote_socket, &part, 1, none) <= 0)
        return fault_set(fault, "the zygote died at its start");
    return ready.text[0] ? fault_set(fault, "%s", ready.text) : 0;
}

void zygote_stop(struct slot_context *slot)
{
    if (slot->zygote <= 0)
        return;
    kill(slot->zygote, SIGKILL);
    waitpid(slot->zygote, NULL, 0);
    close(slot->zygote_socket);
    slot->zygote = 0;
}

int zygote_run(struct slot_context *slot, const struct order *order, const char *packet, size_t size,
               const int stdio[3], int box, struct fault *fault)
{
    const struct cgroup_leaf *leaf = &slot->leaf;
    const int fds[ORDER_FDS] = {stdio[0], stdio[1], stdio[2], box, leaf->directory[CONTROLLER_MEMORY],
                                leaf->memory_now, leaf->memory_limit, leaf->cpu};
    const struct iovec parts[] = {{(void *)(uintptr_t)order, sizeof *order}, {(void *)(uintptr_t)packet, size}};
    size_t fd_count = leaf->version == 2 ? ORDER_FDS : FD_BOX + 1;
    if (message_send(slot->zygote_socket, parts, 2, fds, fd_count) < 0)
        return fault_set(fault, "the zygote takes no orders: %s", strerror(errno));
    int error = 0, received[ORDER_FDS];
    const struct iovec answer = {&error, sizeof error};
    if (message_receive(slot->zygote_socket, &answer, 1, received) <= 0)
        return fault_set(fault, "the zygote died");
    if (received[0] < 0)
        return fault_set(fault, "clone: %s", strerror(error));
    return received[0];
}
