/*
 * safeexec: runs one program at a time, per slot, where it can do no harm, and reports what it did.
 *
 * Theory of operation
 * -------------------
 *   serve    holds the listening socket and its group of cgroups; forks the slots, minds them.
 *   slot     accepts one connection at a time; parses requests, watches clocks, answers.
 *   zygote   one per slot: lives in the slot's network and UTS namespaces and in its prepared read-only
 *            root; on cgroup v1 also in the slot's leaf, so that what it clones is born there. It clones
 *            stubs.
 *   stub     pid 1 of a run's fresh PID, IPC and mount namespaces. It is born before anybody asks for a
 *            run: it mounts /proc, /box and /tmp, puts on the seccomp filter, and waits for an order. Then
 *            it starts the program, reaps everything, and writes the ledger.
 *   program  (uid of the slot)  pid 2: what the request names.
 *
 * So between a request and its answer there are an order, a vfork, an exec and the program itself; all
 * else is done while nobody waits. They share one page, the ledger, which the program loses at exec: no
 * descriptor and no message of ours is ever within its reach, and no verdict can be forged. The slot
 * answers when every process of the run is dead and reaped and its cgroup holds none but our own.
 *
 * What the host does not allow is left out, by the findings of host.c; the isolation level says so.
 * Whatever fails on our side is a fault: it is told in one line and never becomes an outcome.
 */
#ifndef SAFEEXEC_H
#define SAFEEXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <sys/uio.h>

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
/* CPU time of a process and all its threads, by its id; 0: our own. 0 if it is gone. */
uint64_t clock_cpu_ns(pid_t pid);

/* ---- message.c: packets with descriptors (unix(7)) -------------------------------------------- */

enum { MESSAGE_MAX_FDS = 243 }; /* below the kernel's SCM_MAX_FD of 253 */

struct message {
    ssize_t size; /* as recvmsg(2) */
    bool whole;   /* nothing of it was cut off */
    size_t fd_count;
    int fds[MESSAGE_MAX_FDS];
};

int message_send(int socket, const struct iovec *parts, size_t count, const int *fds, size_t fd_count);
void message_receive(int socket, const struct iovec *parts, size_t count, struct message *message);
void message_close_fds(const struct message *message);

/* ---- options.c: the command line -------------------------------------------------------------- */

enum face { FACE_ONESHOT, FACE_SERVE, FACE_CHECK, FACE_HELP, FACE_VERSION };

/* How strong the walls are; each holds what the ones below it hold. */
enum level { LEVEL_NONE, LEVEL_RESTRICTED, LEVEL_USER, LEVEL_NAMESPACES, LEVEL_FULL };

enum { CPUS_MAX = 256 };

struct options {
    enum face face;
    bool json;                  /* --check */
    enum level require, at_most;
    const char *work_dir;       /* where boxes lie that cannot be mounted */
    /* --serve */
    const char *socket_path;
    unsigned slots;
    uid_t owner; /* who may connect, besides ourselves */
    unsigned cpus[CPUS_MAX], cpu_count; /* slot i is pinned to cpus[i % cpu_count] */
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

/* ---- host.c: what this host allows ------------------------------------------------------------ */

enum mechanism {
    MECHANISM_USERS,
    MECHANISM_PID,
    MECHANISM_IPC,
    MECHANISM_MOUNT,
    MECHANISM_NET,
    MECHANISM_UTS,
    MECHANISM_CGROUP_NS,
    MECHANISM_MOUNTS,
    MECHANISM_PROC,
    MECHANISM_MEMORY,
    MECHANISM_PIDS,
    MECHANISM_CPU,
    MECHANISM_PEAK,
    MECHANISM_BORN,
    MECHANISM_CGROUP_KILL,
    MECHANISM_OOM_GROUP,
    MECHANISM_LANDLOCK,
    MECHANISM_SECCOMP,
    MECHANISM_CALLS,
    MECHANISMS
};

struct finding {
    bool works;
    char text[200]; /* what was found */
};

struct host {
    enum level level;
    bool user_namespace; /* all namespaces are made within one, for want of privilege */
    int landlock_abi;    /* 0: none */
    struct finding found[MECHANISMS];
};

/* Tries everything, each in a child process; leaves out what is stronger than `at_most`. */
void host_probe(struct host *host, enum level at_most);
/* All of it, untried: for those who find out at once, and then probe. */
void host_guess(struct host *host);
static inline bool host_has(const struct host *host, enum mechanism mechanism)
{
    return host->found[mechanism].works;
}
const char *level_name(enum level level);
/* LEVEL_NONE if there is no such name. */
enum level level_of_name(const char *name);
/* Enters new namespaces; where privilege lacks, as `uid`, inside a user namespace of our own. */
int host_unshare(const struct host *host, uid_t uid, int flags, struct fault *fault);

/* ---- check.c: the host as a person or a program reads it -------------------------------------- */

int check_main(const struct options *options);
/* Dies if the host allows less than is required, or nothing at all. */
void host_require(const struct host *host, enum level required);

/* ---- request.c: what a client asks for -------------------------------------------------------- */

enum {
    REQUEST_MAX_BYTES = 64 * 1024,
    REQUEST_MAX_ARGS = 256,
    REQUEST_MAX_ENV = 64,
    REQUEST_MAX_FILES = 240,
};

enum profile { PROFILE_RUN, PROFILE_COMPILE, PROFILES };

struct limits {
    uint64_t cpu_ms, wall_ms, memory_kib, stack_kib, output_kib, processes, open_files;
    uint64_t space_kib; /* RLIMIT_AS; 0: none. Only the one-shot sets it. */
};

struct request_file {
    const char *path; /* relative, below /box */
    mode_t mode;      /* for everybody: 0444, 0555 or 0666 */
};

/* All pointers point into the packet it was parsed from. */
struct request {
    struct limits limits;
    enum profile profile;
    size_t argc, envc, filec;
    char *argv[REQUEST_MAX_ARGS + 1];
    char *env[REQUEST_MAX_ENV + 2]; /* room for one of ours */
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

enum limit {
    LIMIT_NONE,
    LIMIT_CPU,
    LIMIT_WALL,
    LIMIT_MEMORY,
    LIMIT_FILE_SIZE,
    LIMIT_TOTAL_SIZE,
    LIMIT_INODES,
};

enum memory_event {
    MEMORY_EVENT_NONE,
    MEMORY_EVENT_KILLED,  /* the kernel's OOM killer, or we in its place, ended a process */
    MEMORY_EVENT_REFUSED, /* an allocation failed at the limit, and nothing was killed */
    MEMORY_EVENT_OUTSIDE, /* the OOM killer ended a process that was within its limit: the host is short of memory */
};

struct report {
    enum level level;
    enum outcome outcome;
    enum limit limit; /* the one that was broken */
    int exit_code;    /* 0 unless exited */
    int signal;       /* 0 if none */
    char call[32];    /* the forbidden system call; empty: none, or not known */
    enum memory_event memory_event;
    uint64_t cpu_us, wall_us, memory_kib;
    uint64_t ended_ns; /* CLOCK_MONOTONIC when the program ended */
    uint64_t preemptions; /* how often the kernel gave a CPU to others that the program could have used */
    uint64_t forks_refused;
    uint64_t written_kib, inodes; /* in /box and /tmp at the end */
};

/* Writes the answer's NUL-terminated strings; returns their size. */
size_t report_encode(const struct report *report, char *buffer, size_t size);
/* The seed's four lines first, then ours. */
void report_print_legacy(const struct report *report, FILE *stream);

/* ---- group.c -------------------------------------------------------------------------------------- */

/* The hierarchies that serve us: one on v2; memory, pids and cpuacct on v1. */
enum { CONTROLLER_MEMORY, CONTROLLER_PIDS, CONTROLLER_CPU, CONTROLLERS };

extern const char *const v1_controllers[CONTROLLERS];

/* Of one of the kernel's files, from its beginning: all that fits, and a NUL. */
ssize_t text_read(int fd, char *buffer, size_t size);
/* The number after `key` and a blank, at the start of a line; 0 if there is none. */
uint64_t text_value(const char *text, const char *key);
uint64_t number_read(int fd);
int number_write(int fd, int64_t value);
/* Into the file of that name in a group. */
int group_write(int group, const char *name, const char *text);
int group_at(int parent, const char *path);
/* Makes it if it is not there. */
int group_open(int parent, const char *name, struct fault *fault);
/* Kills all in it but `spared`. */
void group_kill(int group, pid_t spared);
/* Kills what is in the group and removes it. A group that stays busy for a second is left, and said so. */
void group_remove(int parent, const char *name);

/* ---- cgroup_tree.c -------------------------------------------------------------------------------- */

/* Our group in each hierarchy: <root>/safeexec/<random name>, held by flock while we live. */
struct cgroup_tree {
    int version;                 /* 0: there is none, and all below do nothing */
    unsigned hierarchies;        /* 1 on v2, CONTROLLERS on v1 */
    int parent[CONTROLLERS];     /* <root>/safeexec */
    int group[CONTROLLERS];      /* <root>/safeexec/<name>, flocked */
    char name[32];
};

int cgroup_tree_open(struct cgroup_tree *tree, struct fault *fault);
void cgroup_tree_remove(struct cgroup_tree *tree);

/* ---- cgroup_leaf.c -------------------------------------------------------------------------------- */

/* A leaf holds one run at a time. */
struct cgroup_leaf {
    int version;
    char name[48];
    int directory[CONTROLLERS];
    int memory_now, memory_limit, memory_peak, memory_stat, memory_events, memory_limit_hits;
    int pids_now, pids_limit, pids_events, cpu;
    uint64_t cache, oom_kills, refusals, limit_hits, forks_refused, memory_base; /* as they were when the run began */
    uint64_t floor; /* v1: bytes without page cache, before the first run */
    uint64_t peak_seen; /* polled, where the kernel keeps no high-water mark */
};

struct cgroup_usage {
    uint64_t memory_peak; /* bytes above the base, without page cache */
    enum memory_event memory_event;
    uint64_t forks_refused;
};

int cgroup_leaf_make(struct cgroup_leaf *leaf, const struct cgroup_tree *tree, const char *name,
                     struct fault *fault);
void cgroup_leaf_remove(struct cgroup_leaf *leaf, const struct cgroup_tree *tree);
/* Moves the calling process in (v1: the zygote, before it forks anything). */
int cgroup_leaf_join(const struct cgroup_leaf *leaf, struct fault *fault);
/* Between runs: notes the counters from which the next run is counted, lifts the memory limit. `box_bytes`
 * are still charged, for a client may hold the last run's box. */
void cgroup_leaf_reset(struct cgroup_leaf *leaf, uint64_t box_bytes);
/* Just before the program is started: bounds tasks, and memory above what is in use now. */
int cgroup_leaf_arm(struct cgroup_leaf *leaf, const struct limits *limits, struct fault *fault);
/* True when none but our own processes are left in it. */
bool cgroup_leaf_is_quiet(const struct cgroup_leaf *leaf, bool with_stub);
/* Waits for that; after ten seconds it is a fault. */
int cgroup_leaf_drain(const struct cgroup_leaf *leaf, bool with_stub, struct fault *fault);
/* Kills all in it but `spared`. */
void cgroup_leaf_kill(const struct cgroup_leaf *leaf, pid_t spared);
/* Whether a process can be born in the v2 group `folder`: 0, or the errno of the attempt. */
int cgroup_clone_probe(int folder);
/* CPU time of the leaf in ns; 0 if it cannot be read. */
uint64_t cgroup_leaf_cpu_ns(const struct cgroup_leaf *leaf);
/* Where the kernel keeps no peak: looks at what is in use now. */
void cgroup_leaf_observe(struct cgroup_leaf *leaf);
/* After a run: what it used. `largest_resident`: bytes, the peak of its largest process. */
struct cgroup_usage cgroup_leaf_usage(const struct cgroup_leaf *leaf, uint64_t largest_resident);

/* ---- census.c: where there is no cgroup, we count ourselves --------------------------------------- */

struct census {
    uint64_t resident_bytes, cpu_ns;
};

/* What `root`'s descendants use now. Processes that share memory each count it. */
struct census census_take(pid_t root);

/* ---- rootfs.c ---------------------------------------------------------------------------------- */

/* A folder of the host that the one-shot shows the program under the same path. */
struct shown_folder {
    const char *path; /* absolute, canonical; NULL: none */
    bool writable;
    int mount;        /* detached bind mount, made by the zygote */
};
enum { SHOWN_FOLDERS = 2 };

/* Where a run's process sees things. */
struct root_plan {
    const char *chroot_dir;       /* NULL: our own minimal root */
    const char *work_dir;         /* the program's current folder; NULL: the box */
    struct shown_folder shown[SHOWN_FOLDERS];
};

/* Zygote: leaves the host's file system for the prepared root, for good. */
int rootfs_enter(struct root_plan *plan, const struct host *host, struct fault *fault);
/* Stub: /proc of this run, and its box's tmpfs on /box and /tmp. */
int rootfs_mount_run(const struct root_plan *plan, const struct host *host, int box, struct fault *fault);
/* Stub, when all processes are dead: gives the run's memory back at once, not when the kernel likes. */
void rootfs_unmount_run(const struct root_plan *plan);

/* ---- files.c: the box ------------------------------------------------------------------------------ */

/* Where a program may write: the folders "box" and "tmp", in a tmpfs of the run's own, or below the work
 * folder where nothing can be mounted. */
struct box {
    int folder;         /* its "box", readable; -1: not there yet */
    int context;        /* fsopen(2)'s, to set its size; -1: none */
    char path[256];     /* of the folder that holds both; empty: a tmpfs */
    uint64_t given_bytes, given_inodes;
};

/* Stub: a tmpfs, mounted nowhere yet. Returns its mount. */
int box_mount_make(struct box *box, struct fault *fault);
/* Copies the request's files in, as `owner`'s, and bounds what may be added. */
int box_fill(struct box *box, const struct request *request, const int *files, uid_t owner, struct fault *fault);

struct box_usage {
    uint64_t bytes, inodes; /* written, above what was given */
    bool is_full;           /* of bytes, as far as can be told */
    bool is_over;           /* beyond doubt */
    bool inodes_are_full;
};
struct box_usage box_usage(const struct box *box, const struct limits *limits);
void box_close(struct box *box);

/* ---- work.c: boxes as plain folders, where nothing can be mounted ------------------------------------ */

/* <work folder>/safeexec-<random>, held by flock while we live. */
struct work_folder {
    int folder; /* -1: none */
    char path[200];
};

int work_open(struct work_folder *work, const char *dir, struct fault *fault);
void work_remove(struct work_folder *work);
/* A fresh box for a run as `uid`. */
int work_box_make(const struct work_folder *work, struct box *box, const char *name, uid_t uid, struct fault *fault);
void work_box_remove(const struct work_folder *work, struct box *box);
/* Bytes and inodes below a folder; stops counting at `max_inodes`. */
void work_count(int folder, uint64_t max_inodes, uint64_t *bytes, uint64_t *inodes);

/* ---- users.c ---------------------------------------------------------------------------------------------- */

struct user {
    uid_t uid;
    int lock; /* while it is open, the user is ours */
};

/* The first free one of the options' range, from `first` on and round. */
int user_take(struct user *user, const struct options *options, uid_t first, struct fault *fault);

/* ---- landlock.c ---------------------------------------------------------------------------------- */

/* The kernel's ABI; 0 with errno: none. */
int landlock_version(void);
/* Where the program may read and write, as a ruleset: its descriptor, or -1 if there is no Landlock. */
int landlock_ruleset(const struct host *host, const struct root_plan *plan, const struct box *box,
                     enum profile profile, struct fault *fault);
/* For the calling thread and what it becomes; needs no_new_privs. Nothing to do if there is no ruleset. */
int landlock_enter(const struct host *host, const struct root_plan *plan, int ruleset, const int stdio[3],
                   struct fault *fault);

/* ---- seccomp.c ---------------------------------------------------------------------------------- */

/* Builds the filter once (zygote). */
int seccomp_build(const struct host *host, struct fault *fault);
/* Installs it for the calling thread; needs no_new_privs. Returns the descriptor that tells of forbidden
 * calls, or 0 where there is none: then SIGSYS ends the program. -1 on error. */
int seccomp_install(const struct host *host);
struct forbidden_call {
    uint32_t arch;
    int number;
};
/* Takes what the descriptor tells. The caller is never let go on. */
bool seccomp_take(int listener, struct forbidden_call *call);
/* "ptrace", "x32:0", "i386:20". */
void seccomp_call_name(const struct forbidden_call *call, char *name, size_t size);
/* 0, or the errno of the attempt. */
int seccomp_probe(bool with_listener);

/* ---- zygote.c, stub.c, program.c ------------------------------------------------------------------ */

/* Shared by slot, zygote, stub and, until exec, the program's process. */
struct ledger {
    uint64_t exec_ns;      /* CLOCK_MONOTONIC just before exec; 0: not reached */
    uint64_t setup_cpu_ns; /* CPU time of the program's process before exec */
    uint64_t end_ns;       /* CLOCK_MONOTONIC when the program had ended */
    uint64_t reaped_cpu_ns, reaped_peak_kib, preemptions; /* by getrusage(2), of all that were reaped */
    int wait_status;
    bool finished;     /* the stub saw the program end and reaped everything */
    bool unexecutable; /* exec failed: the fault is the program's, not ours */
    bool forbidden;
    struct forbidden_call call;
    struct fault fault;
};

struct stub {
    pid_t pid; /* 0: none */
    int pidfd, socket;
    bool ready;
};

struct slot_context {
    const struct host *host;
    const struct cgroup_tree *tree;
    const struct work_folder *work;
    uid_t uid;
    int cpu; /* pinned to; -1: not pinned */
    uint64_t core_kib; /* the longest core file */
    const char *name;
    struct root_plan plan;
    struct cgroup_leaf leaf;
    struct ledger *ledger;
    int host_proc;     /* the zygote's, until a stub closes it; -1: none */
    int zygote_socket; /* this end's: the slot's in the slot, the zygote's in the zygote */
    pid_t zygote;
    struct stub stub;
    struct box box;
    unsigned boxes;     /* plain folders made so far: each has a name of its own */
    struct box last;    /* the plain folder of the last run: the client may still read in it */
    bool broken;     /* a run left it in a state that we do not trust: close and open it anew */
    bool unkillable; /* a process of it cannot be ended */
};

/* Forks the zygote of a slot and waits until it is ready. */
int zygote_start(struct slot_context *slot, struct fault *fault);
void zygote_stop(struct slot_context *slot);
/* Has the zygote clone a stub, which then gets ready by itself. */
int zygote_bear_stub(struct slot_context *slot, struct fault *fault);

/* What the slot sends the stub: this header, then the request's packet. */
struct order {
    struct limits limits;
};

/* What the zygote gives a new stub. */
struct birth {
    int socket, leaf_folder; /* -1: none */
    char box_path[256];      /* empty: the stub mounts a tmpfs */
};

/* The stub's whole life. */
_Noreturn void stub_live(const struct slot_context *slot, const struct birth *birth);
/* Slot: waits until it is ready; then the slot's box is there. */
int stub_await(struct slot_context *slot, struct fault *fault);

/* What the program's process needs until it is the program. */
struct start {
    const struct slot_context *slot;
    const struct order *order;
    struct request *request;
    const int *stdio;
    int ruleset; /* of Landlock; -1: none */
};

/* Hard limits of ours; raising them would take CAP_SYS_RESOURCE. Once, in the zygote. */
void program_limits_note(void);
/* Returns the pid of the program when it was executed, or has failed and is to be reaped; -1. */
pid_t program_start(struct start *start);
/* A start of nothing: what it touches is in memory when it counts. */
void program_practise(void);

/* ---- slot.c --------------------------------------------------------------------------------------- */

/* Makes leaf, ledger, zygote, and the first stub. */
int slot_open(struct slot_context *slot, struct fault *fault);
void slot_close(struct slot_context *slot);
struct run {
    const struct request *request;
    const char *packet; /* as it came: the stub parses it again */
    size_t packet_size;
    int stdio[3]; /* closed as soon as the program has them; -1 then */
    struct limits limits;
    int control; /* a connection: "kill" or its end kills the run; -1: none */
    int stop;    /* a signalfd: its signal kills the run */
};

/* Copies the request's files into the box of the next run. */
int slot_fill(struct slot_context *slot, const struct request *request, const int *files, struct fault *fault);
/* One run, in a box that was filled. Returns 0 with the report, or -1 with the fault. */
int slot_run(struct slot_context *slot, struct run *run, struct report *report, struct fault *fault);
/* After the answer: ends the stub, has the next one made. */
void slot_recycle(struct slot_context *slot);
/* When the client has no more use for the last run's box: it asks for another run, or has gone. A tmpfs ends
 * with its last descriptor; a plain folder is removed here. */
void slot_forget_last_box(struct slot_context *slot);

/* ---- watch.c: the clocks and limits of one run ------------------------------------------------------ */

enum reason { REASON_NONE, REASON_CPU, REASON_WALL, REASON_MEMORY, REASON_OUTPUT, REASON_CLIENT };

struct watch {
    struct slot_context *slot;
    const struct run *run;
    uint64_t started_ns, killed_ns, output_checked_ns;
    uint64_t leaf_cpu_ns, stub_cpu_ns; /* when the run began */
    uint64_t resident_peak;            /* polled, without a cgroup */
    uint64_t lanes; /* no tree can use CPU time faster than so many CPUs run */
    enum reason reason; /* why we killed it */
};

/* CPU time of the program so far. */
uint64_t watch_cpu_ns(const struct watch *watch);
/* Returns when the stub says that all is over, or has died itself. */
int watch_until_over(struct watch *watch, struct fault *fault);

/* ---- the faces -------------------------------------------------------------------------------------- */

/* connection.c. Serves connections of `listener` until told to stop; exits. */
_Noreturn void slot_serve(const struct options *options, struct slot_context *slot, unsigned index, int listener,
                          int ready);
enum { EXIT_BROKEN = 1, EXIT_QUARANTINED = 3 };

int oneshot_main(const struct options *options);
int serve_main(const struct options *options);

#endif
