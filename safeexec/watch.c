/* Watching one run: its clocks, its limits, and who may end it. */
#include "safeexec.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    SETUP_GRACE_S = 10, /* for everything before exec */
    KILL_GRACE_S = 5,   /* for the stub to end its processes; then it is killed itself */
    GIVE_UP_S = 20,     /* an unkillable process: the slot is given up */
};
enum { CHECK_MIN_NS = NS_PER_MS, SETUP_CHECK_NS = 50 * NS_PER_MS, CENSUS_NS = 5 * NS_PER_MS, COUNT_NS = 200 * NS_PER_MS };

static void watch_kill(struct watch *watch, enum reason reason)
{
    if (watch->reason != REASON_NONE)
        return;
    watch->reason = reason;
    watch->killed_ns = clock_monotonic_ns();
    ssize_t ignored = send(watch->slot->stub.socket, "k", 1, MSG_NOSIGNAL);
    (void)ignored;
}

/* ---- what is in use now -------------------------------------------------------------------------------- */

uint64_t watch_cpu_ns(const struct watch *watch)
{
    const struct slot_context *slot = watch->slot;
    const struct ledger *ledger = slot->ledger;
    if (slot->leaf.version == 0) {
        uint64_t all = ledger->finished ? ledger->reaped_cpu_ns : census_take(slot->stub.pid).cpu_ns;
        return all > ledger->setup_cpu_ns ? all - ledger->setup_cpu_ns : 0;
    }
    uint64_t leaf = cgroup_leaf_cpu_ns(&slot->leaf) - watch->leaf_cpu_ns;
    uint64_t stub = clock_cpu_ns(slot->stub.pid);
    uint64_t ours = ledger->setup_cpu_ns + (stub > watch->stub_cpu_ns ? stub - watch->stub_cpu_ns : 0);
    return leaf > ours ? leaf - ours : 0;
}

/* Without a cgroup: the files of the run's tmpfs are memory too. */
static void resident_check(struct watch *watch)
{
    const struct slot_context *slot = watch->slot;
    uint64_t now = census_take(slot->stub.pid).resident_bytes;
    if (slot->box.context >= 0)
        now += box_usage(&slot->box, &watch->run->limits).bytes;
    if (now > watch->resident_peak)
        watch->resident_peak = now;
    if (now > watch->run->limits.memory_kib * 1024)
        watch_kill(watch, REASON_MEMORY);
}

/* In a plain folder nothing but ourselves bounds the sum. */
static void output_check(struct watch *watch, uint64_t now)
{
    if (now - watch->output_checked_ns < COUNT_NS)
        return;
    struct box_usage usage = box_usage(&watch->slot->box, &watch->run->limits);
    if (usage.is_over || usage.inodes_are_full)
        watch_kill(watch, REASON_OUTPUT);
    watch->output_checked_ns = clock_monotonic_ns();
}

/* Returns how long what must be polled can wait. */
static uint64_t polled_check(struct watch *watch, uint64_t now)
{
    struct slot_context *slot = watch->slot;
    uint64_t rest = NS_PER_S;
    if (slot->box.path[0]) {
        output_check(watch, now);
        rest = COUNT_NS;
    }
    if (slot->leaf.version == 0)
        resident_check(watch);
    else if (slot->leaf.memory_peak < 0)
        cgroup_leaf_observe(&slot->leaf);
    else
        return rest;
    return CENSUS_NS;
}

/* ---- clocks ------------------------------------------------------------------------------------------------ */

static uint64_t less(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* Kills what is over its time; returns how long nothing need be looked at. */
static uint64_t clocks_check(struct watch *watch)
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
        return less(rest, SETUP_CHECK_NS);
    rest = less(rest, polled_check(watch, now));
    uint64_t limit = limits->cpu_ms * NS_PER_MS, used = watch_cpu_ns(watch);
    if (used > limit) {
        watch_kill(watch, REASON_CPU);
        return NS_PER_S;
    }
    uint64_t cpu_rest = (limit - used) / watch->lanes;
    return less(rest, cpu_rest < CHECK_MIN_NS ? CHECK_MIN_NS : cpu_rest);
}

/* After a kill: the stub first ends its processes in good order; one that cannot is killed itself. */
static uint64_t dying_check(struct watch *watch, struct fault *fault)
{
    uint64_t waited = clock_monotonic_ns() - watch->killed_ns;
    if (waited > GIVE_UP_S * (uint64_t)NS_PER_S) {
        watch->slot->unkillable = true;
        fault_set(fault, "a process cannot be killed; the slot is given up");
        return 0;
    }
    if (waited > KILL_GRACE_S * (uint64_t)NS_PER_S)
        syscall(SYS_pidfd_send_signal, watch->slot->stub.pidfd, SIGKILL, NULL, 0);
    return NS_PER_S;
}

/* ---- whoever speaks ------------------------------------------------------------------------------------------ */

static void control_take(struct watch *watch)
{
    char word[16];
    ssize_t size = recv(watch->run->control, word, sizeof word, MSG_DONTWAIT);
    bool again = size < 0 && (errno == EAGAIN || errno == EINTR);
    if (size == 5 && memcmp(word, "kill", 5) == 0)
        watch_kill(watch, REASON_CLIENT);
    else if (size <= 0 && !again)
        watch_kill(watch, REASON_CLIENT); /* nobody is left who wants to know */
}

static int next_event(struct watch *watch, uint64_t rest, bool *over, struct fault *fault)
{
    bool free_to_kill = watch->reason == REASON_NONE;
    struct pollfd polled[] = {
        {.fd = watch->slot->stub.socket, .events = POLLIN},
        {.fd = watch->slot->stub.pidfd, .events = POLLIN},
        {.fd = free_to_kill ? watch->run->control : -1, .events = POLLIN},
        {.fd = free_to_kill ? watch->run->stop : -1, .events = POLLIN},
    };
    const struct timespec timeout = {(time_t)(rest / NS_PER_S), (long)(rest % NS_PER_S)};
    if (ppoll(polled, 4, &timeout, NULL) < 0 && errno != EINTR)
        return fault_set(fault, "poll: %s", strerror(errno));
    *over = polled[0].revents || polled[1].revents;
    if (polled[2].revents)
        control_take(watch);
    if (polled[3].revents)
        watch_kill(watch, REASON_CLIENT);
    return 0;
}

int watch_until_over(struct watch *watch, struct fault *fault)
{
    for (bool over = false; !over;) {
        uint64_t rest = watch->reason == REASON_NONE ? clocks_check(watch) : dying_check(watch, fault);
        if (fault->text[0] || next_event(watch, rest, &over, fault) < 0)
            return -1;
    }
    return 0;
}
