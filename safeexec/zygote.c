/* The zygote: prepared once per slot, it has in place all that runs share, and bears a stub for each. */
#include "safeexec.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- what slot and zygote tell each other ------------------------------------------------------------ */

/* The slot's, with the stub's end of a socket and, where each run has a leaf of its own, the leaf. */
struct wish {
    bool has_leaf;
    char box_path[sizeof ((struct birth *)0)->box_path];
};

/* The zygote's, with a pidfd unless there is a fault. */
struct delivery {
    pid_t pid;
    struct fault fault;
};

/* ---- the zygote's own life ------------------------------------------------------------------------------ */

static uint64_t stub_namespaces(const struct host *host)
{
    uint64_t flags = 0;
    flags |= host_has(host, MECHANISM_PID) ? CLONE_NEWPID : 0;
    flags |= host_has(host, MECHANISM_IPC) ? CLONE_NEWIPC : 0;
    flags |= host_has(host, MECHANISM_MOUNT) ? CLONE_NEWNS : 0;
    return flags;
}

/* Some containers refuse clone3, whose flags their filters cannot see. */
static long clone_stub(const struct slot_context *slot, int leaf_folder, int *pidfd)
{
    uint64_t flags = stub_namespaces(slot->host) | CLONE_PIDFD;
    if (leaf_folder < 0 || !host_has(slot->host, MECHANISM_BORN))
        return syscall(SYS_clone, flags | SIGCHLD, NULL, pidfd, NULL, 0);
    struct clone_args arguments = {
        .flags = flags | (uint64_t)CLONE_INTO_CGROUP,
        .pidfd = (uintptr_t)pidfd,
        .exit_signal = SIGCHLD,
        .cgroup = (__u64)leaf_folder,
    };
    if (host_has(slot->host, MECHANISM_CGROUP_NS))
        arguments.flags |= CLONE_NEWCGROUP;
    return syscall(SYS_clone3, &arguments, sizeof arguments);
}

static void stub_bear(struct slot_context *slot, const struct wish *wish, const struct message *message)
{
    struct birth birth = {.socket = message->fds[0], .leaf_folder = wish->has_leaf ? message->fds[1] : -1};
    memcpy(birth.box_path, wish->box_path, sizeof birth.box_path);
    int pidfd = -1;
    long child = clone_stub(slot, birth.leaf_folder, &pidfd);
    if (child == 0)
        stub_live(slot, &birth);
    struct delivery delivery = {.pid = (pid_t)child};
    if (child < 0)
        fault_set(&delivery.fault, "clone: %s", strerror(errno));
    const struct iovec part = {&delivery, sizeof delivery};
    message_send(slot->zygote_socket, &part, 1, &pidfd, child > 0);
    if (child > 0)
        close(pidfd);
}

static _Noreturn void zygote_loop(struct slot_context *slot)
{
    static struct message message;
    for (;;) {
        struct wish wish;
        const struct iovec part = {&wish, sizeof wish};
        message_receive(slot->zygote_socket, &part, 1, &message);
        if (message.size != (ssize_t)sizeof wish || message.fd_count != 1u + wish.has_leaf)
            _exit(0); /* the slot is gone */
        stub_bear(slot, &wish, &message);
        message_close_fds(&message);
    }
}

/* Keeps the descriptors that stubs need, whatever their numbers, and closes all others. */
static void descriptors_close(const struct slot_context *slot)
{
    const int kept[] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, slot->zygote_socket, slot->host_proc,
                        slot->plan.shown[0].mount, slot->plan.shown[1].mount};
    for (int fd = 0; fd < 1024; fd++) {
        bool keep = false;
        for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
            keep |= kept[i] == fd;
        if (!keep)
            close(fd);
    }
    syscall(SYS_close_range, 1024u, ~0u, 0);
}

static int namespaces_enter(const struct slot_context *slot, struct fault *fault)
{
    const struct host *host = slot->host;
    int flags = 0;
    flags |= host_has(host, MECHANISM_MOUNT) ? CLONE_NEWNS : 0;
    flags |= host_has(host, MECHANISM_NET) ? CLONE_NEWNET : 0;
    flags |= host_has(host, MECHANISM_UTS) ? CLONE_NEWUTS : 0;
    if (host_unshare(host, slot->uid, flags, fault) < 0)
        return -1;
    if (host_has(host, MECHANISM_UTS) && (sethostname("box", 3) < 0 || setdomainname("", 0) < 0))
        return fault_set(fault, "sethostname: %s", strerror(errno));
    return 0;
}

static int cpu_pin(int cpu, struct fault *fault)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (cpu >= 0)
        CPU_SET((size_t)cpu, &set);
    if (cpu >= 0 && sched_setaffinity(0, sizeof set, &set) < 0)
        return fault_set(fault, "--cpus: pin to CPU %d: %s", cpu, strerror(errno));
    return 0;
}

/* What every program is to be without, and no stub needs. */
static int privilege_shed(const struct slot_context *slot, struct fault *fault)
{
    /* Programs inherit the bounding set: with it empty not even a file capability could give any. */
    for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0 && errno != EPERM)
            return fault_set(fault, "drop capability %lu: %s", capability, strerror(errno));
    if (host_has(slot->host, MECHANISM_USERS) && !slot->host->user_namespace && setgroups(0, NULL) < 0)
        return fault_set(fault, "setgroups: %s", strerror(errno));
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return fault_set(fault, "no_new_privs: %s", strerror(errno));
    return 0;
}

static int zygote_prepare(struct slot_context *slot, struct fault *fault)
{
    if (cpu_pin(slot->cpu, fault) < 0 || namespaces_enter(slot, fault) < 0)
        return -1;
    slot->host_proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (rootfs_enter(&slot->plan, slot->host, fault) < 0 || seccomp_build(slot->host, fault) < 0 ||
        privilege_shed(slot, fault) < 0)
        return -1;
    program_limits_note();
    /* Last, so that what was built above is not charged to the programs. */
    if (cgroup_leaf_join(&slot->leaf, fault) < 0)
        return -1;
    if (slot->leaf.version == 1 && host_has(slot->host, MECHANISM_CGROUP_NS) && unshare(CLONE_NEWCGROUP) < 0)
        return fault_set(fault, "new cgroup namespace: %s", strerror(errno));
    return 0;
}

static _Noreturn void zygote_main(struct slot_context *slot)
{
    struct fault fault = {""};
    sigset_t none;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, "safeexec-zygote");
    for (int number = 1; number < SIGRTMAX; number++)
        signal(number, SIG_DFL); /* stubs and programs shall inherit nothing */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGCHLD, SIG_IGN); /* the kernel reaps the stubs */
    setsid(); /* Ctrl-C at a terminal is the service's to handle */
    umask(022);
    zygote_prepare(slot, &fault);
    descriptors_close(slot);
    const struct iovec ready = {&fault, sizeof fault};
    if (message_send(slot->zygote_socket, &ready, 1, NULL, 0) < 0 || fault.text[0])
        _exit(1);
    zygote_loop(slot);
}

/* ---- the slot's side -------------------------------------------------------------------------------------- */

static struct message answer; /* large, and only one at a time */

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
    const struct iovec part = {&ready, sizeof ready};
    message_receive(slot->zygote_socket, &part, 1, &answer);
    if (answer.size != (ssize_t)sizeof ready)
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

int zygote_bear_stub(struct slot_context *slot, struct fault *fault)
{
    int sockets[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
        return fault_set(fault, "socketpair: %s", strerror(errno));
    struct wish wish = {.has_leaf = slot->leaf.version == 2};
    memcpy(wish.box_path, slot->box.path, sizeof wish.box_path);
    const int fds[] = {sockets[1], slot->leaf.directory[CONTROLLER_MEMORY]};
    struct delivery delivery = {0};
    const struct iovec order = {&wish, sizeof wish}, part = {&delivery, sizeof delivery};
    int sent = message_send(slot->zygote_socket, &order, 1, fds, 1u + wish.has_leaf);
    close(sockets[1]);
    if (sent == 0)
        message_receive(slot->zygote_socket, &part, 1, &answer);
    bool born = sent == 0 && answer.size == (ssize_t)sizeof delivery && answer.fd_count == 1;
    if (!born) {
        close(sockets[0]);
        return fault_set(fault, "%s", sent == 0 && delivery.fault.text[0] ? delivery.fault.text : "the zygote died");
    }
    slot->stub = (struct stub){.pid = delivery.pid, .pidfd = answer.fds[0], .socket = sockets[0]};
    return 0;
}
