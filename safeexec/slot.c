/* A slot: one run at a time, in a stub that was made ready before. */
#include "safeexec.h"

#include <errno.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- its parts ----------------------------------------------------------------------------------------- */

static int ledger_make(struct slot_context *slot, struct fault *fault)
{
    void *page = mmap(NULL, sizeof *slot->ledger, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return fault_set(fault, "mmap: %s", strerror(errno));
    slot->ledger = page;
    return 0;
}

/* Has all in place that the next run needs, but for waiting until the stub is ready. */
static int next_run_prepare(struct slot_context *slot, uint64_t old_box_bytes, struct fault *fault)
{
    /* v2 cannot reset the high-water mark before Linux 6.12: a fresh leaf for each run. */
    if (slot->leaf.version == 2) {
        cgroup_leaf_remove(&slot->leaf, slot->tree);
        if (cgroup_leaf_make(&slot->leaf, slot->tree, slot->name, fault) < 0)
            return -1;
    }
    if (!host_has(slot->host, MECHANISM_MOUNTS)) {
        char name[48];
        snprintf(name, sizeof name, "%s.%u", slot->name, slot->boxes++);
        if (work_box_make(slot->work, &slot->box, name, slot->uid, fault) < 0)
            return -1;
    }
    memset(slot->ledger, 0, sizeof *slot->ledger);
    cgroup_leaf_reset(&slot->leaf, old_box_bytes);
    return zygote_bear_stub(slot, fault);
}

int slot_open(struct slot_context *slot, struct fault *fault)
{
    slot->box = (struct box){.folder = -1, .context = -1};
    if (ledger_make(slot, fault) < 0 || cgroup_leaf_make(&slot->leaf, slot->tree, slot->name, fault) < 0 ||
        zygote_start(slot, fault) < 0 || next_run_prepare(slot, 0, fault) < 0)
        return -1;
    return stub_await(slot, fault);
}

void slot_forget_last_box(struct slot_context *slot)
{
    if (slot->last.path[0])
        work_box_remove(slot->work, &slot->last);
}

static void box_drop(struct slot_context *slot)
{
    slot_forget_last_box(slot);
    memcpy(slot->last.path, slot->box.path, sizeof slot->last.path);
    box_close(&slot->box);
}

/* The stub leaves when its socket closes; one that does not is made to. */
static bool stub_end(struct slot_context *slot)
{
    struct stub *stub = &slot->stub;
    if (stub->pid <= 0)
        return true;
    close(stub->socket);
    struct pollfd ended = {.fd = stub->pidfd, .events = POLLIN};
    bool gone = poll(&ended, 1, 2000) > 0;
    if (!gone) {
        syscall(SYS_pidfd_send_signal, stub->pidfd, SIGKILL, NULL, 0);
        gone = poll(&ended, 1, 2000) > 0;
    }
    close(stub->pidfd);
    *stub = (struct stub){0};
    return gone;
}

void slot_close(struct slot_context *slot)
{
    stub_end(slot);
    cgroup_leaf_kill(&slot->leaf, slot->zygote);
    zygote_stop(slot);
    box_drop(slot);
    slot_forget_last_box(slot);
    cgroup_leaf_remove(&slot->leaf, slot->tree);
    if (slot->ledger)
        munmap(slot->ledger, sizeof *slot->ledger);
}

void slot_recycle(struct slot_context *slot)
{
    struct fault fault = {""};
    if (slot->broken || slot->unkillable)
        return; /* it will be opened anew */
    uint64_t box_bytes = box_usage(&slot->box, &(struct limits){0}).bytes;
    if (!stub_end(slot) || cgroup_leaf_drain(&slot->leaf, false, &fault) < 0)
        slot->unkillable = true;
    box_drop(slot);
    if (slot->unkillable || next_run_prepare(slot, box_bytes, &fault) < 0) {
        slot->broken = true;
        warn("slot %s: %s", slot->name, fault.text[0] ? fault.text : "pid 1 of the last run does not end");
    }
}

/* ---- from what was seen to the report --------------------------------------------------------------------- */

static void report_broken(struct report *report, enum outcome outcome, enum limit limit)
{
    report->outcome = outcome;
    report->limit = limit;
}

static void report_kill(struct report *report, const struct watch *watch, const struct box_usage *box)
{
    switch (watch->reason) {
    case REASON_CPU: report_broken(report, OUTCOME_CPU, LIMIT_CPU); return;
    case REASON_WALL: report_broken(report, OUTCOME_WALL, LIMIT_WALL); return;
    case REASON_MEMORY: report_broken(report, OUTCOME_MEMORY, LIMIT_MEMORY); return;
    case REASON_OUTPUT:
        report_broken(report, OUTCOME_OUTPUT, box->inodes_are_full ? LIMIT_INODES : LIMIT_TOTAL_SIZE);
        return;
    case REASON_NONE:
    case REASON_CLIENT: report_broken(report, OUTCOME_KILLED, LIMIT_NONE);
    }
}

static void report_end(struct report *report, int status, const struct box_usage *box)
{
    bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ)
        report_broken(report, OUTCOME_OUTPUT, LIMIT_FILE_SIZE);
    /* Runtimes that ignore SIGXFSZ get an error instead, and mostly die of it. */
    else if (!clean && box->is_full)
        report_broken(report, OUTCOME_OUTPUT, LIMIT_TOTAL_SIZE);
    else if (!clean && box->inodes_are_full)
        report_broken(report, OUTCOME_OUTPUT, LIMIT_INODES);
    else
        report_broken(report, WIFSIGNALED(status) ? OUTCOME_SIGNALLED : OUTCOME_EXITED, LIMIT_NONE);
}

/* A limit that was broken outranks how the program ended; what ended it first comes first. */
static void report_decide(struct report *report, const struct watch *watch)
{
    const struct slot_context *slot = watch->slot;
    const struct ledger *ledger = slot->ledger;
    const struct limits *limits = &watch->run->limits;
    const struct box_usage box = box_usage(&slot->box, limits);
    int status = ledger->finished ? ledger->wait_status : SIGKILL;
    bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    bool refused = report->memory_event == MEMORY_EVENT_REFUSED && !clean;
    bool by_filter = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS && !host_has(slot->host, MECHANISM_CALLS);
    report->written_kib = box.bytes / 1024;
    report->inodes = box.inodes;
    report->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    report->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (ledger->forbidden || by_filter) {
        report_broken(report, OUTCOME_FORBIDDEN, LIMIT_NONE);
        report->signal = SIGSYS;
        report->exit_code = 0;
        if (ledger->forbidden)
            seccomp_call_name(&ledger->call, report->call, sizeof report->call);
    } else if (report->memory_event == MEMORY_EVENT_KILLED || refused || report->memory_kib > limits->memory_kib)
        report_broken(report, OUTCOME_MEMORY, LIMIT_MEMORY);
    else if (killed && watch->reason != REASON_NONE)
        report_kill(report, watch, &box);
    else if (report->cpu_us > limits->cpu_ms * 1000)
        report_broken(report, OUTCOME_CPU, LIMIT_CPU);
    else if (report->wall_us > limits->wall_ms * 1000)
        report_broken(report, OUTCOME_WALL, LIMIT_WALL);
    else
        report_end(report, status, &box);
}

static void memory_report(struct report *report, const struct watch *watch)
{
    const struct slot_context *slot = watch->slot;
    const struct ledger *ledger = slot->ledger;
    if (slot->leaf.version == 0) {
        uint64_t polled_kib = watch->resident_peak / 1024;
        report->memory_kib = polled_kib > ledger->reaped_peak_kib ? polled_kib : ledger->reaped_peak_kib;
        report->memory_event = watch->reason == REASON_MEMORY ? MEMORY_EVENT_KILLED : MEMORY_EVENT_NONE;
        return;
    }
    struct cgroup_usage usage = cgroup_leaf_usage(&slot->leaf, ledger->reaped_peak_kib * 1024);
    report->memory_kib = usage.memory_peak / 1024;
    report->memory_event = usage.memory_event;
    report->forks_refused = usage.forks_refused;
}

static int run_settle(const struct watch *watch, struct report *report, struct fault *fault)
{
    struct slot_context *slot = watch->slot;
    const struct ledger *ledger = slot->ledger;
    *report = (struct report){.level = slot->host->level};
    memory_report(report, watch);
    if (ledger->fault.text[0])
        return fault_set(fault, "%s", ledger->fault.text);
    if (report->memory_event == MEMORY_EVENT_OUTSIDE)
        return fault_set(fault, "memory ran out around the program, which was within its limit: give the host, or the "
                                "container, more");
    /* A stub that did not finish fell to the OOM killer or to our own last resort. */
    if (!ledger->finished && report->memory_event != MEMORY_EVENT_KILLED && watch->reason == REASON_NONE)
        return fault_set(fault, "the run's pid 1 was killed");
    uint64_t started = ledger->exec_ns ? ledger->exec_ns : watch->started_ns;
    uint64_t ended = ledger->finished ? ledger->end_ns : clock_monotonic_ns();
    report->cpu_us = watch_cpu_ns(watch) / NS_PER_US;
    report->ended_ns = ended;
    report->preemptions = ledger->preemptions;
    report->wall_us = (ended > started ? ended - started : 0) / NS_PER_US;
    report_decide(report, watch);
    return 0;
}

/* ---- a run ----------------------------------------------------------------------------------------------- */

static void stdio_close(struct run *run)
{
    for (int i = 0; i < 3; i++) {
        if (run->stdio[i] > STDERR_FILENO)
            close(run->stdio[i]);
        run->stdio[i] = -1;
    }
}

/* Programs open /dev/stdin and its like by name: a pipe is then asked whose it is. */
static void pipes_hand_over(const struct slot_context *slot, const int stdio[3])
{
    struct statfs status;
    for (int i = 0; i < 3; i++) /* one with a name is its owner's to give */
        if (fstatfs(stdio[i], &status) == 0 && status.f_type == PIPEFS_MAGIC && fchown(stdio[i], slot->uid, (gid_t)-1) < 0)
            return; /* we are an ordinary user, and so is the program */
}

static int order_send(const struct slot_context *slot, struct run *run, struct fault *fault)
{
    const struct order order = {run->limits};
    const struct iovec parts[] = {{(void *)(uintptr_t)&order, sizeof order},
                                  {(void *)(uintptr_t)run->packet, run->packet_size}};
    pipes_hand_over(slot, run->stdio);
    int sent = message_send(slot->stub.socket, parts, 2, run->stdio, 3);
    if (sent < 0)
        fault_set(fault, "the run's pid 1 takes no orders: %s", strerror(errno));
    stdio_close(run);
    return sent;
}

int slot_fill(struct slot_context *slot, const struct request *request, const int *files, struct fault *fault)
{
    /* Elsewhere what is given belongs to us: the program may read it, and no more. */
    bool as_program = slot->host->user_namespace && geteuid() == 0;
    return box_fill(&slot->box, request, files, as_program ? slot->uid : geteuid(), fault);
}

static int run_watched(struct slot_context *slot, struct run *run, struct report *report, struct fault *fault)
{
    static uint64_t cpus;
    if (!cpus)
        cpus = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
    if (cgroup_leaf_arm(&slot->leaf, &run->limits, fault) < 0)
        return -1;
    struct watch watch = {
        .slot = slot,
        .run = run,
        .started_ns = clock_monotonic_ns(),
        .leaf_cpu_ns = cgroup_leaf_cpu_ns(&slot->leaf),
        .stub_cpu_ns = clock_cpu_ns(slot->stub.pid),
        .lanes = cpus < run->limits.processes ? cpus : run->limits.processes,
    };
    watch.output_checked_ns = watch.started_ns;
    if (order_send(slot, run, fault) < 0 || watch_until_over(&watch, fault) < 0)
        return -1;
    bool stub_lives = slot->ledger->finished;
    if (!stub_lives)
        cgroup_leaf_kill(&slot->leaf, slot->zygote); /* what a dead stub left, where no PID namespace ends it */
    if (cgroup_leaf_drain(&slot->leaf, stub_lives, fault) < 0) {
        slot->unkillable = true;
        return -1;
    }
    return run_settle(&watch, report, fault);
}

int slot_run(struct slot_context *slot, struct run *run, struct report *report, struct fault *fault)
{
    if (run_watched(slot, run, report, fault) == 0)
        return 0;
    /* What the kernel would not execute is no fault of the slot's. */
    slot->broken = !slot->ledger->unexecutable;
    return -1;
}
