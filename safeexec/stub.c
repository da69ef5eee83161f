/* The stub: pid 1 of a run, born before the run is asked for. */
#include "safeexec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

struct life {
    const struct slot_context *slot;
    struct ledger *ledger;
    struct box box;
    int socket, children, listener, score; /* listener: 0 if there is none; score: -1 */
    int rulesets[PROFILES];
    char temporary[280]; /* "TMPDIR=..." where /tmp is not the run's own; else empty */
};

/* What the stub tells the slot when it is ready: this, with the box's folder and context if they are the stub's. */
struct readiness {
    struct fault fault;
};

/* ---- getting ready ------------------------------------------------------------------------------------------ */

static int leaf_join(const struct birth *birth, const struct host *host, struct fault *fault)
{
    if (birth->leaf_folder < 0 || host_has(host, MECHANISM_BORN))
        return 0;
    int file = openat(birth->leaf_folder, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    bool joined = file >= 0 && write(file, "0", 1) == 1;
    if (file >= 0)
        close(file);
    return joined ? 0 : fault_set(fault, "join cgroup: %s", strerror(errno));
}

static int place_take(struct life *life, const struct birth *birth, struct fault *fault)
{
    const struct slot_context *slot = life->slot;
    if (host_has(slot->host, MECHANISM_MOUNTS)) {
        int mount = box_mount_make(&life->box, fault);
        return mount < 0 ? -1 : rootfs_mount_run(&slot->plan, slot->host, mount, fault);
    }
    char folder[sizeof birth->box_path + sizeof "/box"];
    snprintf(folder, sizeof folder, "%s/box", birth->box_path);
    snprintf(life->box.path, sizeof life->box.path, "%s", birth->box_path);
    snprintf(life->temporary, sizeof life->temporary, "TMPDIR=%s/tmp", birth->box_path);
    /* By path: a descriptor from another mount namespace would be a folder without a name (getcwd(3)). */
    int moved = chdir(slot->plan.work_dir ? slot->plan.work_dir : folder);
    return moved == 0 ? 0 : fault_set(fault, "change to the program's folder: %s", strerror(errno));
}

/* The OOM killer shall take the program, which inherits this, and none of us. The run's own /proc may be not there. */
static int score_raise(const struct slot_context *slot)
{
    int file = openat(slot->host_proc, "self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    close(slot->host_proc);
    if (file >= 0 && pwrite(file, "1000", 4, 0) == 4)
        return file;
    if (file >= 0)
        close(file);
    return -1;
}

/* The filter lets nobody change it any more. A host that pipes its cores to a program (core(5)) does so even at 0;
 * only 1 stops that too. */
static void core_bound(uint64_t core_kib)
{
    struct rlimit limit;
    rlim_t most = core_kib ? core_kib * 1024 : 1;
    getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = limit.rlim_max = most < limit.rlim_max ? most : limit.rlim_max;
    setrlimit(RLIMIT_CORE, &limit);
}

static int children_watch(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Of the order. */
static char packet[REQUEST_MAX_BYTES];
static struct request request;
static struct message message;

/* A page that is touched for the first time costs a fault: here it costs nobody's time. */
static void order_practise(void)
{
    memset(packet, 0, 4096);
    memset(&request, 0, sizeof request);
    memset(&message, 0, sizeof message);
    program_practise();
}

static void get_ready(struct life *life, const struct birth *birth, struct fault *fault)
{
    const struct host *host = life->slot->host;
    signal(SIGCHLD, SIG_DFL);
    if (!host_has(host, MECHANISM_PID))
        prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (leaf_join(birth, host, fault) < 0)
        return;
    life->score = score_raise(life->slot);
    if (place_take(life, birth, fault) < 0)
        return;
    for (unsigned profile = 0; profile < PROFILES; profile++) {
        life->rulesets[profile] = landlock_ruleset(host, &life->slot->plan, &life->box, (enum profile)profile, fault);
        if (fault->text[0])
            return;
    }
    order_practise();
    core_bound(life->slot->core_kib);
    life->children = children_watch();
    /* A program of the same user shall not reach into us. */
    prctl(PR_SET_DUMPABLE, 0);
    life->listener = seccomp_install(host);
    if (life->children < 0 || life->listener < 0)
        fault_set(fault, "%s: %s", life->children < 0 ? "signalfd" : "seccomp", strerror(errno));
}

static void readiness_tell(const struct life *life, const struct fault *fault)
{
    const struct readiness readiness = {*fault};
    const struct iovec part = {(void *)(uintptr_t)&readiness, sizeof readiness};
    const int fds[] = {life->box.folder, life->box.context};
    /* Only a tmpfs has a context, and only then is the folder ours to give. */
    message_send(life->socket, &part, 1, fds, life->box.context >= 0 ? 2 : 0);
}

/* ---- the run ------------------------------------------------------------------------------------------------- */

static _Noreturn void stub_fail(struct life *life, const char *what)
{
    fault_set(&life->ledger->fault, "%s: %s", what, strerror(errno));
    _exit(1);
}

/* Kills all of the run but ourselves. No new process escapes: a fork that meets a signal fails (fork(2)). */
static void everything_kill(const struct life *life)
{
    if (host_has(life->slot->host, MECHANISM_PID)) {
        kill(-1, SIGKILL);
        return;
    }
    pid_t killer = fork();
    if (killer == 0) {
        if (setuid(life->slot->uid) == 0)
            kill(-1, SIGKILL); /* all that this user may signal, which is all of the run */
        _exit(0);
    }
    if (killer > 0)
        waitpid(killer, NULL, 0);
}

/* Reaps what has ended. Returns true when the program was among it. */
static bool ended_reap(struct life *life, pid_t program)
{
    struct signalfd_siginfo information;
    ssize_t ignored = read(life->children, &information, sizeof information);
    (void)ignored;
    bool over = false;
    int status;
    pid_t ended;
    while ((ended = waitpid(-1, &status, WNOHANG | __WALL)) > 0)
        if (ended == program) {
            life->ledger->end_ns = clock_monotonic_ns();
            life->ledger->wait_status = status;
            over = true;
        }
    return over;
}

static void call_take(struct life *life)
{
    if (!life->ledger->forbidden && seccomp_take(life->listener, &life->ledger->call))
        life->ledger->forbidden = true;
    everything_kill(life);
}

static void program_attend(struct life *life, pid_t program)
{
    char word;
    struct pollfd polled[] = {
        {.fd = life->children, .events = POLLIN},
        {.fd = life->listener > 0 ? life->listener : -1, .events = POLLIN},
        {.fd = life->socket, .events = POLLIN},
    };
    for (;;) {
        if (poll(polled, 3, -1) < 0)
            continue;
        if (polled[1].revents & POLLIN)
            call_take(life);
        if (polled[1].revents & ~POLLIN)
            polled[1].fd = -1; /* nobody uses the filter any more: all are dead */
        if (polled[0].revents && ended_reap(life, program))
            return;
        if (polled[2].revents) {
            everything_kill(life);
            if (read(life->socket, &word, 1) <= 0)
                polled[2].fd = -1; /* the slot is gone */
        }
    }
}

/* Ends whatever the program has left behind, until there is nothing. */
static void rest_end(struct life *life)
{
    pid_t ended = waitpid(-1, NULL, WNOHANG | __WALL);
    while (ended >= 0 || errno == EINTR) {
        if (ended == 0)
            everything_kill(life);
        ended = waitpid(-1, NULL, __WALL);
    }
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    struct ledger *ledger = life->ledger;
    ledger->reaped_cpu_ns = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * NS_PER_S +
                            (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * NS_PER_US;
    ledger->reaped_peak_kib = (uint64_t)usage.ru_maxrss;
    ledger->preemptions = (uint64_t)usage.ru_nivcsw;
    ledger->finished = true;
}

static void order_execute(struct life *life, const struct order *order, const int stdio[3])
{
    if (life->temporary[0])
        request.env[request.envc++] = life->temporary;
    struct start start = {life->slot, order, &request, stdio, life->rulesets[request.profile]};
    pid_t program = program_start(&start);
    if (program < 0)
        stub_fail(life, "clone the program");
    /* An interactive peer must see the end of a pipe when the program closes it, not later. */
    for (int i = 0; i < 3; i++)
        close(stdio[i]);
    if (life->score >= 0) {
        ssize_t ignored = pwrite(life->score, "0", 1, 0);
        (void)ignored;
    }
    program_attend(life, program);
    rest_end(life);
}

static void order_await(struct life *life)
{
    struct order order;
    struct fault fault = {""};
    const struct iovec parts[] = {{&order, sizeof order}, {packet, sizeof packet}};
    message_receive(life->socket, parts, 2, &message);
    if (message.size <= (ssize_t)sizeof order || message.fd_count != 3)
        _exit(0); /* the slot has no more use for us */
    /* The slot has found it sound; it is parsed again because it points into the packet. */
    if (request_parse(&request, packet, (size_t)message.size - sizeof order, &fault) < 0)
        stub_fail(life, "parse the request again");
    order_execute(life, &order, message.fds);
}

void stub_live(const struct slot_context *slot, const struct birth *birth)
{
    struct fault fault = {""};
    struct life life = {.slot = slot, .ledger = slot->ledger, .box = {.folder = -1, .context = -1},
                        .socket = birth->socket, .score = -1, .rulesets = {-1, -1}};
    char word;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, "safeexec-stub");
    get_ready(&life, birth, &fault);
    readiness_tell(&life, &fault);
    if (fault.text[0])
        _exit(1);
    /* The slot holds these now; each descriptor of ours is one more that a fault could leak. */
    if (life.box.context >= 0) {
        close(life.box.folder);
        close(life.box.context);
    }
    order_await(&life);
    /* The slot looks at what is left of the run while we are still there to be counted. */
    if (write(life.socket, "", 1) == 1)
        while (read(life.socket, &word, 1) > 0)
            ;
    if (host_has(slot->host, MECHANISM_MOUNTS))
        rootfs_unmount_run(&slot->plan);
    _exit(0);
}

/* ---- the slot's side ------------------------------------------------------------------------------------------ */

int stub_await(struct slot_context *slot, struct fault *fault)
{
    struct readiness readiness;
    const struct iovec part = {&readiness, sizeof readiness};
    if (slot->stub.ready)
        return 0;
    message_receive(slot->stub.socket, &part, 1, &message);
    if (message.size != (ssize_t)sizeof readiness)
        return fault_set(fault, "the run's pid 1 died before its run");
    if (readiness.fault.text[0])
        return fault_set(fault, "%s", readiness.fault.text);
    if (message.fd_count == 2)
        slot->box = (struct box){.folder = message.fds[0], .context = message.fds[1]};
    slot->stub.ready = true;
    return 0;
}
