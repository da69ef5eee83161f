/* A slot: one run at a time, its clocks and limits. */
#include "safeexec.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- its parts ----------------------------------------------------------------------------------------- */

int slot_open(struct slot_context *slot, const struct cgroup_tree *tree, const char *leaf_name,
              struct fault *fault)
{
    slot->broken = false;
    if (!slot->ledger) {
        void *page = mmap(NULL, sizeof *slot->ledger, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (page == MAP_FAILED)
            return fault_set(fault, "mmap: %s", strerror(errno));
        slot->ledger = page;
    }
    if (cgroup_leaf_make(&slot->leaf, tree, leaf_name, fault) < 0)
        return -1;
    return zygote_start(slot, fault);
}

void slot_close(struct slot_context *slot, const struct cgroup_tree *tree)
{
    zygote_stop(slot);
    cgroup_leaf_remove(&slot->leaf, tree);
}

/* ---- watching a run ------------------------------------------------------------------------------------- */

enum reason { REASON_NONE, REASON_CPU, REASON_WALL, REASON_CLIENT };

struct watch {
    struct slot_context *slot;
    const struct run *run;
    int stub; /* pidfd */
    uint64_t started_ns, killed_ns;
    uint64_t lanes; /* no tree can use CPU time faster than so many CPUs run */
    enum reason reason; /* why we killed it */
};

enum {
    SETUP_GRACE_S = 10,  /* for everything before exec */
    KILL_GRACE_S = 5,    /* for the stub to end its processes; then it is killed itself */
    GIVE_UP_S = 20,      /* an unkillable process: the slot is given up */
    CPU_CHECK_MIN_NS = NS_PER_MS,
};

static void watch_kill(struct watch *watch, enum reason reason)
{
    if (watch->reason != REASON_NONE)
        return;
    watch->reason = reason;
    watch->killed_ns = clock_monotonic_ns();
    syscall(SYS_pidfd_send_signal, watch->stub, SIGTERM, NULL, 0);
}

/* CPU time of the program so far. */
static uint64_t watch_cpu_ns(const struct watch *watch)
{
    const struct ledger *ledger = watch->slot->ledger;
    uint64_t now = cgroup_leaf_cpu_ns(&watch->slot->leaf);
    uint64_t before = ledger->cpu_base_ns + ledger->setup_cpu_ns;
    return now > before ? now - before : 0;
}

/* Kills what is over its time; returns how long nothing need be looked at. */
static uint64_t watch_clocks(struct watch *watch)
{
    const struct limits *limits = &watch->run->limits;
    uint64_t now = clock_monotonic_ns(), exec = watch->slot->ledger->exec_ns;
    uint64_t wall_end = limits->wall_ms * NS_PER_MS + (exec ? exec : watch->started_ns + SETUP_GRACE_S * (uint64_t)NS_PER_S);
    if (now >= wall_end) {
        watch_kill(watch, REASON_WALL);
        return NS_PER_S;
    }
    uint64_t rest = wall_end - now;
    if (!exec)
        return rest < 50 * NS_PER_MS ? rest : 50 * NS_PER_MS;
    uint64_t limit = limits->cpu_ms * NS_PER_MS, used = watch_cpu_ns(watch);
    if (used > limit) {
        watch_kill(watch, REASON_CPU);
        return NS_PER_S;
    }
    uint64_t cpu_rest = (limit - used) / watch->lanes;
    if (cpu_rest < CPU_CHECK_MIN_NS)
        cpu_rest = CPU_CHECK_MIN_NS;
    return cpu_rest < rest ? cpu_rest : rest;
}

/* After a kill: the stub first ends its processes in good order; one that cannot is killed itself. */
static uint64_t watch_dying(struct watch *watch, struct fault *fault)
{
    uint64_t waited = clock_monotonic_ns() - watch->killed_ns;
    if (waited > GIVE_UP_S * (uint64_t)NS_PER_S) {
        fault_set(fault, "a process cannot be killed; the slot is given up");
        return 0;
    }
    if (waited > KILL_GRACE_S * (uint64_t)NS_PER_S)
        syscall(SYS_pidfd_send_signal, watch->stub, SIGKILL, NULL, 0);
    return NS_PER_S;
}

static void watch_control(struct watch *watch)
{
    char word[16];
    ssize_t size = recv(watch->run->control, word, sizeof word, MSG_DONTWAIT);
    bool again = size < 0 && (errno == EAGAIN || errno == EINTR);
    if (size == 5 && memcmp(word, "kill", 5) == 0)
        watch_kill(watch, REASON_CLIENT);
    else if (size <= 0 && !again)
        watch_kill(watch, REASON_CLIENT); /* nobody is left who wants to know */
}

/* Returns when the stub has ended, and with it, says the kernel, all of its namespace. */
static int watch_until_dead(struct watch *watch, struct fault *fault)
{
    for (;;) {
        uint64_t rest = watch->reason == REASON_NONE ? watch_clocks(watch) : watch_dying(watch, fault);
        if (fault->text[0])
            return -1;
        struct pollfd polled[] = {
            {.fd = watch->stub, .events = POLLIN},
            {.fd = watch->reason == REASON_NONE ? watch->run->control : -1, .events = POLLIN},
            {.fd = watch->reason == REASON_NONE ? watch->run->stop : -1, .events = POLLIN},
        };
        const struct timespec timeout = {(time_t)(rest / NS_PER_S), (long)(rest % NS_PER_S)};
        if (ppoll(polled, 3, &timeout, NULL) < 0 && errno != EINTR)
            return fault_set(fault, "poll: %s", strerror(errno));
        if (polled[0].revents)
            return 0;
        if (polled[1].revents)
            watch_control(watch);
        if (polled[2].revents)
            watch_kill(watch, REASON_CLIENT);
    }
}

/* ---- from what was seen to the report --------------------------------------------------------------------- */

static enum outcome outcome_of_kill(enum reason reason)
{
    switch (reason) {
    case REASON_CPU: return OUTCOME_CPU;
    case REASON_WALL: return OUTCOME_WALL;
    case REASON_NONE:
    case REASON_CLIENT: break;
    }
    return OUTCOME_KILLED;
}

static enum outcome outcome_of_status(const struct run *run, int status)
{
    bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    uint64_t room = run->limits.output_kib * 1024;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        return OUTCOME_FORBIDDEN;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ)
        return OUTCOME_OUTPUT;
    /* Runtimes that ignore SIGXFSZ get an error instead, and mostly die of it. */
    if (!clean && room > 0 && box_written_bytes(&run->box) >= room)
        return OUTCOME_OUTPUT;
    return WIFSIGNALED(status) ? OUTCOME_SIGNALLED : OUTCOME_EXITED;
}

/* A limit that was broken outranks how the program ended; what ended it first comes first. */
static void report_decide(struct report *report, const struct watch *watch, struct cgroup_usage usage)
{
    const struct ledger *ledger = watch->slot->ledger;
    const struct limits *limits = &watch->run->limits;
    int status = ledger->finished ? ledger->wait_status : SIGKILL;
    bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    report->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    report->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (usage.out_of_memory || report->memory_kib > limits->memory_kib)
        report->outcome = OUTCOME_MEMORY;
    else if (killed && watch->reason != REASON_NONE)
        report->outcome = outcome_of_kill(watch->reason);
    else if (report->cpu_us > limits->cpu_ms * 1000)
        report->outcome = OUTCOME_CPU;
    else if (report->wall_us > limits->wall_ms * 1000)
        report->outcome = OUTCOME_WALL;
    else
        report->outcome = outcome_of_status(watch->run, status);
}

static int run_settle(struct watch *watch, struct report *report, struct fault *fault)
{
    struct slot_context *slot = watch->slot;
    const struct ledger *ledger = slot->ledger;
    struct cgroup_usage usage = cgroup_leaf_settle(&slot->leaf, ledger->memory_base > 0 ? (uint64_t)ledger->memory_base : 0);
    if (ledger->fault.text[0])
        return fault_set(fault, "%s", ledger->fault.text);
    /* A stub that did not finish fell to the OOM killer or to our own last resort. */
    if (!ledger->finished) {
        slot->broken = true;
        if (!usage.out_of_memory && watch->reason == REASON_NONE)
            return fault_set(fault, "the run's pid 1 was killed");
    }
    uint64_t started = ledger->exec_ns ? ledger->exec_ns : watch->started_ns;
    uint64_t ended = ledger->finished ? ledger->end_ns : clock_monotonic_ns();
    report->cpu_us = (ledger->finished ? ledger->cpu_ns : watch_cpu_ns(watch)) / NS_PER_US;
    report->wall_us = (ended > started ? ended - started : 0) / NS_PER_US;
    report->memory_kib = usage.memory_peak / 1024;
    report_decide(report, watch, usage);
    return 0;
}

static void stdio_close(struct run *run)
{
    for (int i = 0; i < 3; i++) {
        if (run->stdio[i] > STDERR_FILENO)
            close(run->stdio[i]);
        run->stdio[i] = -1;
    }
}

static int run_watched(struct slot_context *slot, struct run *run, struct report *report, struct fault *fault)
{
    const struct order order = {run->limits, slot->leaf.cache};
    uint64_t cpus = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
    struct watch watch = {.slot = slot, .run = run, .started_ns = clock_monotonic_ns(),
                          .lanes = cpus < run->limits.processes ? cpus : run->limits.processes};
    memset(slot->ledger, 0, sizeof *slot->ledger);
    watch.stub = zygote_run(slot, &order, run->packet, run->packet_size, run->stdio, run->box.mount, fault);
    stdio_close(run);
    if (watch.stub < 0) {
        slot->broken = true;
        return -1;
    }
    int result = watch_until_dead(&watch, fault);
    if (result == 0)
        result = cgroup_leaf_drain(&slot->leaf, fault);
    close(watch.stub);
    if (result < 0) {
        slot->broken = true;
        return -1;
    }
    return run_settle(&watch, report, fault);
}

int slot_run(struct slot_context *slot, const struct cgroup_tree *tree, struct run *run, struct report *report,
             struct fault *fault)
{
    /* v2 cannot reset the high-water mark before Linux 6.12: a fresh leaf for each run. */
    if (slot->leaf.version == 2) {
        char name[sizeof slot->leaf.name];
        snprintf(name, sizeof name, "%s", slot->leaf.name);
        cgroup_leaf_remove(&slot->leaf, tree);
        if (cgroup_leaf_make(&slot->leaf, tree, name, fault) < 0) {
            slot->broken = true;
            return -1;
        }
    }
    if (cgroup_leaf_prepare(&slot->leaf, run->limits.processes, fault) < 0)
        return -1;
    return run_watched(slot, run, report, fault);
}
