/* The leaf that a slot's runs are counted and limited in, one after another; cgroup v1 and v2 behind one set of
 * words. */
#include "safeexec.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NOISE_BYTES = 1 << 20, DRAIN_S = 10 };
/* Below 1000 pages oom_score_adj means nothing (oom_badness() counts in thousandths of the limit's pages, in
 * integers), and the kernel may end one of us in the place of the program. */
enum { LEAST_LIMIT_BYTES = 1100 * 4096 };

/* ---- its files ---------------------------------------------------------------------------------------------- */

struct leaf_files {
    const char *now, *limit, *peak, *stat, *events, *limit_hits, *cpu;
};

static const struct leaf_files leaf_files[] = {
    [1] = {"memory.usage_in_bytes", "memory.limit_in_bytes", "memory.max_usage_in_bytes", "memory.stat",
           "memory.oom_control", "memory.failcnt", "cpuacct.usage"},
    [2] = {"memory.current", "memory.max", "memory.peak", "memory.stat", "memory.events", "memory.events", "cpu.stat"},
};

/* Bytes of page cache charged to the leaf, of memory.stat; shared memory, which is cache to the kernel, is not meant. */
static uint64_t cache_in(const struct cgroup_leaf *leaf, const char *text)
{
    uint64_t cache = text_value(text, leaf->version == 1 ? "total_cache" : "file");
    uint64_t shared = text_value(text, leaf->version == 1 ? "total_shmem" : "shmem");
    return cache > shared ? cache - shared : 0;
}

static uint64_t leaf_cache(const struct cgroup_leaf *leaf)
{
    char text[8192];
    text_read(leaf->memory_stat, text, sizeof text);
    return cache_in(leaf, text);
}

struct memory_events {
    uint64_t kills, refusals;
};

/* How often the leaf was at its limit: each time page cache had to go before anything else. */
static uint64_t leaf_limit_hits(const struct cgroup_leaf *leaf)
{
    char text[512];
    text_read(leaf->memory_limit_hits, text, sizeof text);
    return leaf->version == 1 ? strtoull(text, NULL, 10) : text_value(text, "max");
}

/* v2 counts as "oom" each allocation that was about to fail, killed for or not. v1 does not count them. */
static struct memory_events leaf_memory_events(const struct cgroup_leaf *leaf)
{
    char text[512];
    text_read(leaf->memory_events, text, sizeof text);
    return (struct memory_events){text_value(text, "oom_kill"), leaf->version == 2 ? text_value(text, "oom") : 0};
}

static uint64_t leaf_forks_refused(const struct cgroup_leaf *leaf)
{
    char text[64];
    text_read(leaf->pids_events, text, sizeof text);
    return text_value(text, "max");
}

static int leaf_files_open(struct cgroup_leaf *leaf, struct fault *fault)
{
    const struct leaf_files *files = &leaf_files[leaf->version];
    int memory = leaf->directory[CONTROLLER_MEMORY], pids = leaf->directory[CONTROLLER_PIDS];
    const struct {
        int *fd, folder;
        const char *name;
        int flags;
        bool optional;
    } wanted[] = {
        {&leaf->memory_now, memory, files->now, O_RDONLY, false},
        {&leaf->memory_limit, memory, files->limit, O_RDWR, false},
        {&leaf->memory_peak, memory, files->peak, leaf->version == 1 ? O_RDWR : O_RDONLY, true},
        {&leaf->memory_stat, memory, files->stat, O_RDONLY, false},
        {&leaf->memory_events, memory, files->events, O_RDONLY, false},
        {&leaf->memory_limit_hits, memory, files->limit_hits, O_RDONLY, false},
        {&leaf->pids_now, pids, "pids.current", O_RDONLY, false},
        {&leaf->pids_limit, pids, "pids.max", O_RDWR, false},
        {&leaf->pids_events, pids, "pids.events", O_RDONLY, true},
        {&leaf->cpu, leaf->directory[CONTROLLER_CPU], files->cpu, O_RDONLY, false},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        *wanted[i].fd = openat(wanted[i].folder, wanted[i].name, wanted[i].flags | O_CLOEXEC);
        if (*wanted[i].fd < 0 && !wanted[i].optional)
            return fault_set(fault, "open cgroup file %s: %s", wanted[i].name, strerror(errno));
    }
    return 0;
}

int cgroup_leaf_make(struct cgroup_leaf *leaf, const struct cgroup_tree *tree, const char *name,
                     struct fault *fault)
{
    *leaf = (struct cgroup_leaf){
        .version = tree->version, .directory = {-1, -1, -1}, .memory_now = -1, .memory_limit = -1, .memory_peak = -1,
        .memory_stat = -1, .memory_events = -1, .memory_limit_hits = -1, .pids_now = -1, .pids_limit = -1,
        .pids_events = -1, .cpu = -1,
    };
    if (leaf->version == 0)
        return 0;
    snprintf(leaf->name, sizeof leaf->name, "%s", name);
    for (unsigned i = 0; i < tree->hierarchies; i++)
        if ((leaf->directory[i] = group_open(tree->group[i], name, fault)) < 0)
            return -1;
    for (unsigned i = tree->hierarchies; i < CONTROLLERS; i++)
        leaf->directory[i] = dup(leaf->directory[0]);
    if (leaf_files_open(leaf, fault) < 0)
        return -1;
    /* Swap would let a program exceed its limit slowly; the files are absent where there is no swap. */
    group_write(leaf->directory[CONTROLLER_MEMORY], "memory.swap.max", "0");
    group_write(leaf->directory[CONTROLLER_MEMORY], "memory.swappiness", "0");
    /* v2: all of a run dies at once, the stub with it. On v1 there is no such thing, and the zygote lives here. */
    group_write(leaf->directory[CONTROLLER_MEMORY], "memory.oom.group", "1");
    return 0;
}

void cgroup_leaf_remove(struct cgroup_leaf *leaf, const struct cgroup_tree *tree)
{
    if (leaf->version == 0)
        return;
    const int files[] = {leaf->memory_now, leaf->memory_limit, leaf->memory_peak, leaf->memory_stat, leaf->memory_events,
                         leaf->memory_limit_hits, leaf->pids_now, leaf->pids_limit, leaf->pids_events, leaf->cpu};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (files[i] >= 0)
            close(files[i]);
    for (unsigned i = 0; i < CONTROLLERS; i++)
        if (leaf->directory[i] >= 0)
            close(leaf->directory[i]);
    for (unsigned i = 0; i < tree->hierarchies; i++)
        group_remove(tree->group[i], leaf->name);
    leaf->version = 0;
}

int cgroup_leaf_join(const struct cgroup_leaf *leaf, struct fault *fault)
{
    for (unsigned i = 0; leaf->version == 1 && i < CONTROLLERS; i++)
        if (group_write(leaf->directory[i], "cgroup.procs", "0") < 0)
            return fault_set(fault, "join cgroup (%s): %s", v1_controllers[i], strerror(errno));
    return 0;
}

/* ---- a run in a leaf ------------------------------------------------------------------------------------- */

/* Our own: on v1 the zygote, and while it lives the stub. */
static uint64_t own_tasks(const struct cgroup_leaf *leaf, bool with_stub)
{
    return (leaf->version == 1) + (uint64_t)with_stub;
}

/* What the last run has left, but for its box: that is shared memory, and the client may have freed it already.
 * memory.stat lags behind: a little that it does not know yet is taken for the box's. */
static uint64_t kept_bytes(const struct cgroup_leaf *leaf, uint64_t box_bytes)
{
    char text[8192];
    text_read(leaf->memory_stat, text, sizeof text);
    uint64_t shared = text_value(text, "total_shmem") + NOISE_BYTES;
    uint64_t now = number_read(leaf->memory_now), known = cache_in(leaf, text) + (box_bytes < shared ? box_bytes : shared);
    return now > known ? now - known : 0;
}

/* What stays charged to the leaf would be room above the limit to the next run. Page tables are given back by
 * the kernel in its own time, 0.2 s at most (measured); names that were not found, say, for the asking. */
static void leftovers_shed(const struct cgroup_leaf *leaf, uint64_t box_bytes)
{
    /* A little is what every run leaves for a moment; of much, what is freed later would be missing in a peak. */
    bool is_much = kept_bytes(leaf, box_bytes) > leaf->floor + 2 * NOISE_BYTES;
    uint64_t aim = leaf->floor + (is_much ? NOISE_BYTES / 2 : NOISE_BYTES);
    for (int i = 0; i < 600 && kept_bytes(leaf, box_bytes) > aim; i++)
        nanosleep(&(struct timespec){.tv_nsec = NS_PER_MS / 2}, NULL);
    if (kept_bytes(leaf, box_bytes) > leaf->floor + NOISE_BYTES)
        group_write(leaf->directory[CONTROLLER_MEMORY], "memory.force_empty", "0");
}

void cgroup_leaf_reset(struct cgroup_leaf *leaf, uint64_t box_bytes)
{
    if (leaf->version == 0)
        return;
    /* Without a limit the zygote cannot fall victim to what a run has left. */
    if (leaf->version == 1) {
        number_write(leaf->memory_limit, -1);
        if (leaf->floor == 0)
            leaf->floor = kept_bytes(leaf, 0);
        leftovers_shed(leaf, box_bytes);
    }
    struct memory_events events = leaf_memory_events(leaf);
    leaf->oom_kills = events.kills;
    leaf->refusals = events.refusals;
    leaf->forks_refused = leaf_forks_refused(leaf);
    leaf->limit_hits = leaf_limit_hits(leaf);
    /* memory.stat lags behind by up to 64 pages for each CPU and kind: a smaller change is no change. */
    uint64_t cache = leaf_cache(leaf);
    uint64_t change = cache > leaf->cache ? cache - leaf->cache : leaf->cache - cache;
    if (change >= NOISE_BYTES)
        leaf->cache = cache;
}

int cgroup_leaf_arm(struct cgroup_leaf *leaf, const struct limits *limits, struct fault *fault)
{
    if (leaf->version == 0)
        return 0;
    if (number_write(leaf->pids_limit, (int64_t)(limits->processes + own_tasks(leaf, true))) < 0)
        return fault_set(fault, "pids.max: %s", strerror(errno));
    uint64_t now = number_read(leaf->memory_now);
    /* The page cache of earlier runs is nobody's, and the kernel gives it up for the asking. */
    leaf->memory_base = now > leaf->cache ? now - leaf->cache : 0;
    leaf->peak_seen = now;
    uint64_t limit = limits->memory_kib * 1024;
    if (limit < LEAST_LIMIT_BYTES)
        limit = LEAST_LIMIT_BYTES; /* the peak will tell what was over */
    if (number_write(leaf->memory_limit, (int64_t)(leaf->memory_base + limit)) < 0)
        return fault_set(fault, "the memory limit: %s", strerror(errno));
    /* The high-water mark starts anew; a leaf of v2 has seen nothing yet but our own set-up. */
    if (leaf->version == 1)
        number_write(leaf->memory_peak, 0);
    return 0;
}

bool cgroup_leaf_is_quiet(const struct cgroup_leaf *leaf, bool with_stub)
{
    return leaf->version == 0 || number_read(leaf->pids_now) <= own_tasks(leaf, with_stub);
}

/* A task's charge is given back a moment after its end is told; the next run's fork would find the leaf full. */
int cgroup_leaf_drain(const struct cgroup_leaf *leaf, bool with_stub, struct fault *fault)
{
    uint64_t deadline = clock_monotonic_ns() + DRAIN_S * (uint64_t)NS_PER_S;
    while (!cgroup_leaf_is_quiet(leaf, with_stub)) {
        if (clock_monotonic_ns() > deadline)
            return fault_set(fault, "a process of the run cannot be killed: its cgroup does not get empty");
        nanosleep(&(struct timespec){.tv_nsec = 20 * NS_PER_US}, NULL);
    }
    return 0;
}

void cgroup_leaf_kill(const struct cgroup_leaf *leaf, pid_t spared)
{
    if (leaf->version)
        group_kill(leaf->directory[CONTROLLER_MEMORY], leaf->version == 1 ? spared : 0);
}

int cgroup_clone_probe(int folder)
{
    struct clone_args arguments = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (__u64)folder};
    long child = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (child == 0)
        _exit(0);
    int error = errno;
    while (child > 0 && waitpid((pid_t)child, NULL, 0) < 0 && errno == EINTR)
        ;
    return child > 0 ? 0 : error;
}

uint64_t cgroup_leaf_cpu_ns(const struct cgroup_leaf *leaf)
{
    char text[512];
    if (leaf->version == 0)
        return 0;
    text_read(leaf->cpu, text, sizeof text);
    return leaf->version == 1 ? strtoull(text, NULL, 10) : text_value(text, "usage_usec") * NS_PER_US;
}

void cgroup_leaf_observe(struct cgroup_leaf *leaf)
{
    uint64_t now = number_read(leaf->memory_now);
    if (now > leaf->peak_seen)
        leaf->peak_seen = now;
}

/* Page cache is no memory of the program's. How much of it there was at the peak nobody knows where it has changed,
 * or has gone to make room and come again: what one process had resident was used in any case. */
static uint64_t without_cache(const struct cgroup_leaf *leaf, uint64_t peak, uint64_t largest_resident)
{
    /* Reading memory.stat is dear, and a run of small memory has hardly brought page cache. */
    if (peak < NOISE_BYTES)
        return peak;
    uint64_t cache = leaf_cache(leaf);
    uint64_t change = cache > leaf->cache ? cache - leaf->cache : leaf->cache - cache;
    if (change < NOISE_BYTES && leaf_limit_hits(leaf) == leaf->limit_hits)
        return peak > leaf->cache ? peak - leaf->cache : 0;
    uint64_t least = largest_resident < peak ? largest_resident : peak;
    return peak > cache + least ? peak - cache : least;
}

struct cgroup_usage cgroup_leaf_usage(const struct cgroup_leaf *leaf, uint64_t largest_resident)
{
    uint64_t peak = leaf->memory_peak >= 0 ? number_read(leaf->memory_peak) : leaf->peak_seen;
    uint64_t above = peak > leaf->memory_base ? peak - leaf->memory_base : 0;
    struct memory_events events = leaf_memory_events(leaf);
    /* Eight bytes of page table to each page of 4096: they count against the limit, and are not the program's. */
    struct cgroup_usage usage = {.memory_peak = without_cache(leaf, above - above / 513, largest_resident),
                                 .forks_refused = leaf_forks_refused(leaf) - leaf->forks_refused};
    /* Whose limit it was: that of a container around us, or the host's end, lets the kernel kill here too. */
    bool at_limit = leaf->version == 1 ? leaf_limit_hits(leaf) != leaf->limit_hits : events.refusals > leaf->refusals;
    if (events.kills > leaf->oom_kills)
        usage.memory_event = at_limit ? MEMORY_EVENT_KILLED : MEMORY_EVENT_OUTSIDE;
    else if (events.refusals > leaf->refusals)
        usage.memory_event = MEMORY_EVENT_REFUSED;
    return usage;
}
