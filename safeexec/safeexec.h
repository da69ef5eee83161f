/*
 * safeexec: runs one program at a time, per slot, where it can do no harm, and reports what it did.
 *
 * Theory of operation
 * -------------------
 *   serve    (root)  holds the listening socket and its group of cgroups; forks the slots, minds them.
 *   slot     (root)  accepts one connection at a time; parses requests, watches clocks, answers.
 *   zygote   (root)  one per slot: lives in the slot's network and UTS namespaces and in its prepared
 *                    read-only root; on cgroup v1 also in the slot's leaf, so that what it clones is
 *                    born there. It clones the stub of each run and sends its pidfd to the slot.
 *   stub     (root)  pid 1 of a run's fresh PID, IPC and mount namespaces: mounts /proc, /box and /tmp,
 *                    forks the program, reaps everything, and writes the ledger.
 *   program  (uid of the slot)  pid 2: what the request names.
 *
 * They share one page, the ledger, which the program loses at exec: so no descriptor and no message
 * of ours is ever within its reach, and no verdict can be forged. When the stub has ended, the kernel
 * has ended everything in its PID namespace; only then does the slot answer.
 *
 * Whatever fails on our side is a fault: it is told in one line and never becomes an outcome.
 */
#ifndef SAFEEXEC_H
#define SAFEEXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* ---- fault.c: failures of ours, told in one line ------------------------------------------- */

struct fault {
    char text[200]; /* empty: no fault */
};

/* Prints "safeexec: ..." on stderr and exits with status 1. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Records the first fault (later ones are consequences); returns -1 for the caller to return. */
int fault_set(struct fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- clock.c ---------------------------------------------------------------------------------- */

enum { NS_PER_US = 1000, NS_PER_MS = 1000000, NS_PER_S = 1000000000 };

uint64_t clock_monotonic_ns(void);
uint64_t clock_process_cpu_ns(void);

/* ---- options.c: the command line -------------------------------------------------------------- */

enum face { FACE_ONESHOT, FACE_SERVE, FACE_HELP, FACE_VERSION };

struct options {
    enum face face;
    /* --serve */
    const char *socket_path;
    unsigned slots;
    uid_t owner; /* who may connect, besides root */
    /* the one-shot's limits: seconds and KiB, as the seed's sandbox had them */
    unsigned cpu_s, clock_s, mem_kib, space_kib, core_kib, nproc, fsize_kib, stack_kib;
    uid_t min_uid, max_uid;
    const char *usage_path, *error_path, *chroot_dir, *run_dir;
    bool silent;
    char **command; /* NULL-terminated, after --exec */
};

/* Parses argv; dies with one line that names the option at fault. */
struct options options_parse(int argc, char **argv);
void options_help(FILE *stream);

/* ---- request.c: what a client asks for -------------------------------------------------------- */

enum {
    REQUEST_MAX_BYTES = 64 * 1024,
    REQUEST_MAX_ARGS = 256,
    REQUEST_MAX_ENV = 64,
    REQUEST_MAX_FILES = 240,
    REQUEST_MAX_FDS = 3 + REQUEST_MAX_FILES, /* below the kernel's SCM_MAX_FD of 253 */
};

enum profile { PROFILE_RUN, PROFILE_COMPILE };

struct limits {
    uint64_t cpu_ms, wall_ms, memory_kib, stack_kib, output_kib, processes, open_files;
    uint64_t space_kib; /* RLIMIT_AS; 0: none. Only the one-shot sets it. */
    uint64_t core_kib;
};

struct request_file {
    const char *path; /* relative, below /box */
    bool executable;
};

/* All pointers point into the packet it was parsed from. */
struct request {
    struct limits limits;
    enum profile profile;
    size_t argc, envc, filec;
    char *argv[REQUEST_MAX_ARGS + 1];
    char *env[REQUEST_MAX_ENV + 1];
    struct request_file files[REQUEST_MAX_FILES];
};

/* Parses `size` bytes of NUL-terminated strings, "run" first. Returns 0, or -1 with the fault. */
int request_parse(struct request *request, char *packet, size_t size, struct fault *fault);

/* ---- report.c: what a run did ------------------------------------------------------------------ */

enum outcome {
    OUTCOME_EXITED,
    OUTCOME_SIGNALLED,
    OUTCOME_CPU,
    OUTCOME_WALL,
    OUTCOME_MEMORY,
    OUTCOME_OUTPUT,
    OUTCOME_FORBIDDEN,
    OUTCOME_KILLED, /* by the client */
};

struct report {
    enum outcome outcome;
    int exit_code; /* 0 unless exited */
    int signal;    /* 0 if none */
    uint64_t cpu_us, wall_us, memory_kib;
};

/* Writes the answer's NUL-terminated strings; returns their size. */
size_t report_encode(const struct report *report, char *buffer, size_t size);
/* The seed's four lines first, then ours. */
void report_print_legacy(const struct report *report, FILE *stream);

/* ---- cgroup.c ---------------------------------------------------------------------------------- */

/* The hierarchies that serve us: one on v2; memory, pids and cpuacct on v1 (-1: same as memory). */
enum { CONTROLLER_MEMORY, CONTROLLER_PIDS, CONTROLLER_CPU, CONTROLLERS };

/* Our group in each hierarchy: <root>/safeexec/<random name>, held by flock while we live. */
struct cgroup_tree {
    int version;
    unsigned hierarchies;        /* 1 on v2, CONTROLLERS on v1 */
    int parent[CONTROLLERS];     /* <root>/safeexec */
    int group[CONTROLLERS];      /* <root>/safeexec/<name>, flocked */
    char name[32];
};

/* A leaf holds one run at a time. */
struct cgroup_leaf {
    int version;
    char name[32];
    int directory[CONTROLLERS];
    int memory_now, memory_limit, memory_peak, memory_stat, memory_events, pids_now, pids_limit, cpu;
    uint64_t cache, oom_kills; /* as the last run left them */
};

struct cgroup_usage {
    uint64_t memory_peak; /* bytes, without page cache */
    bool out_of_memory;
};

int cgroup_tree_open(struct cgroup_tree *tree, struct fault *fault);
void cgroup_tree_remove(struct cgroup_tree *tree);
int cgroup_leaf_make(struct cgroup_leaf *leaf, const struct cgroup_tree *tree, const char *name,
                     struct fault *fault);
void cgroup_leaf_remove(struct cgroup_leaf *leaf, const struct cgroup_tree *tree);
/* Moves the calling process in (v1: before the zygote forks anything). */
int cgroup_leaf_join(const struct cgroup_leaf *leaf, struct fault *fault);
/* Slot, before a run: bounds the number of tasks, notes the counters. */
int cgroup_leaf_prepare(struct cgroup_leaf *leaf, uint64_t tasks, struct fault *fault);
/* Stub, just before the program is forked: from here on memory counts, and above what is in use now
 * there may be `memory_bytes` more. `cache` is the page cache of earlier runs, which the kernel gives
 * up for the asking. Returns the bytes in use, without that cache, or -1. */
int64_t cgroup_leaf_arm(const struct cgroup_leaf *leaf, uint64_t cache, uint64_t memory_bytes);
/* Slot, when the stub has ended: returns once nothing of the run is charged to the leaf any more. */
int cgroup_leaf_drain(const struct cgroup_leaf *leaf, struct fault *fault);
/* CPU time of the leaf in ns; 0 if it cannot be read. */
uint64_t cgroup_leaf_cpu_ns(const struct cgroup_leaf *leaf);
/* Slot, after a run: what it used above `base` bytes; the limit is lifted again. */
struct cgroup_usage cgroup_leaf_settle(struct cgroup_leaf *leaf, uint64_t base);

/* ---- rootfs.c ---------------------------------------------------------------------------------- */

/* A folder of the host that the one-shot shows the program under the same path. */
struct shown_folder {
    const char *path; /* absolute, canonical; NULL: none */
    int mount;        /* detached bind mount */
};

/* Where a run's process sees things. */
struct root_plan {
    const char *chroot_dir;       /* NULL: our own minimal root */
    const char *work_dir;         /* the program's current folder */
    struct shown_folder shown[2]; /* mounted in each run, after /tmp */
};

/* Host side: a detached bind mount of a folder. Returns its descriptor, or -1. */
int rootfs_show_folder(struct shown_folder *shown, const char *path, bool read_only, struct fault *fault);
/* Zygote: leaves the host's file system for the prepared root, for good. */
int rootfs_enter(const struct root_plan *plan, struct fault *fault);
/* Stub: /proc, /box, /tmp of this run. `box` is the detached tmpfs of files.c. */
int rootfs_mount_run(const struct root_plan *plan, int box, struct fault *fault);
/* Stub, when all processes are dead: gives the run's memory back at once, not when the kernel likes. */
void rootfs_unmount_run(const struct root_plan *plan);

/* ---- files.c: the run's tmpfs, filled before anybody else sees it -------------------------------- */

struct box {
    int mount;  /* detached tmpfs with the folders "box" and "tmp" */
    int folder; /* its "box", readable */
    uint64_t given_bytes;
};

int box_make(struct box *box, const struct request *request, const int *files, struct fault *fault);
/* Bytes the program wrote to /box and /tmp. */
uint64_t box_written_bytes(const struct box *box);
void box_close(struct box *box);

/* ---- seccomp.c ---------------------------------------------------------------------------------- */

/* Builds the filter once (zygote). */
int seccomp_build(struct fault *fault);
/* Installs it for the calling thread; needs no_new_privs. */
int seccomp_install(void);

/* ---- zygote.c and child.c ------------------------------------------------------------------------ */

/* Shared by slot, zygote, stub and, until exec, the program's process. */
struct ledger {
    uint64_t exec_ns;      /* CLOCK_MONOTONIC just before exec; 0: not reached */
    uint64_t cpu_base_ns;  /* the leaf's CPU time when the program was forked */
    uint64_t setup_cpu_ns; /* CPU time of the program's process before exec */
    uint64_t cpu_ns;       /* CPU time of the program and all its offspring */
    uint64_t end_ns;       /* CLOCK_MONOTONIC when the program had ended */
    int64_t memory_base;   /* bytes in use when the program was forked; -1: unreadable */
    int wait_status;
    bool finished; /* the stub saw the program end and reaped everything */
    bool unexecutable; /* exec failed: the fault is the program's, not ours */
    struct fault fault;
};

struct slot_context {
    uid_t uid;
    struct root_plan plan;
    struct cgroup_leaf leaf;
    struct ledger *ledger;
    int zygote_socket; /* this end's: the slot's in the slot, the zygote's in the zygote */
    pid_t zygote;
    bool broken; /* a run left it in a state that we do not trust: close and open it anew */
};

/* What the slot sends the zygote: this header, then the request's packet. */
struct order {
    struct limits limits;
    uint64_t cache; /* in the leaf, from earlier runs; the zygote's copy of the leaf is as old as it */
};

/* Forks the zygote of a slot and waits until it is ready. */
int zygote_start(struct slot_context *slot, struct fault *fault);
void zygote_stop(struct slot_context *slot);
/* Sends an order. Returns the pidfd of the run's stub, or -1. */
int zygote_run(struct slot_context *slot, const struct order *order, const char *packet, size_t size,
               const int stdio[3], int box, struct fault *fault);

/* The stub's whole life. `fds`: stdin, stdout, stderr, box. */
_Noreturn void child_stub(const struct slot_context *slot, const struct order *order,
                          struct request *request, const int fds[4]);

/* ---- slot.c --------------------------------------------------------------------------------------- */

/* Makes leaf, ledger and zygote. */
int slot_open(struct slot_context *slot, const struct cgroup_tree *tree, const char *leaf_name,
              struct fault *fault);
void slot_close(struct slot_context *slot, const struct cgroup_tree *tree);
struct run {
    const struct request *request;
    const char *packet; /* as it came: the zygote parses it again */
    size_t packet_size;
    int stdio[3]; /* closed as soon as the program has them; -1 then */
    struct box box;
    struct limits limits;
    int control; /* a connection: "kill" or its end kills the run; -1: none */
    int stop;    /* a signalfd: its signal kills the run */
};

/* One run. Returns 0 with the report, or -1 with the fault. */
int slot_run(struct slot_context *slot, const struct cgroup_tree *tree, struct run *run, struct report *report,
             struct fault *fault);
/* Serves connections of `listener` until told to stop; exits. */
_Noreturn void slot_serve(const struct options *options, const struct cgroup_tree *tree, unsigned index,
                          int listener, int ready);

/* ---- the faces -------------------------------------------------------------------------------------- */

int oneshot_main(const struct options *options);
int serve_main(const struct options *options);

#endif
