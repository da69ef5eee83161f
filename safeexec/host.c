/* What this host allows. Nothing is concluded from versions or names: each mechanism is tried, in a child
 * process that ends with what it has changed. */
#include "safeexec.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROBE_UID = 65534, ALL_NAMESPACES = CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS };

/* ---- levels --------------------------------------------------------------------------------------------- */

static const char *const level_names[] = {"none", "restricted", "user", "namespaces", "full"};

const char *level_name(enum level level) { return level_names[level]; }

enum level level_of_name(const char *name)
{
    for (unsigned level = LEVEL_RESTRICTED; level <= LEVEL_FULL; level++)
        if (strcmp(name, level_names[level]) == 0)
            return (enum level)level;
    return LEVEL_NONE;
}

static bool has_all(const struct host *host, const enum mechanism *mechanisms, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!host_has(host, mechanisms[i]))
            return false;
    return true;
}

static enum level level_reached(const struct host *host)
{
    static const enum mechanism spaces[] = {MECHANISM_PID, MECHANISM_IPC, MECHANISM_MOUNT, MECHANISM_NET, MECHANISM_UTS};
    static const enum mechanism groups[] = {MECHANISM_MEMORY, MECHANISM_PIDS, MECHANISM_CPU};
    bool namespaces = has_all(host, spaces, sizeof spaces / sizeof *spaces);
    bool mounts = host_has(host, MECHANISM_MOUNTS), users = host_has(host, MECHANISM_USERS);
    if (!host_has(host, MECHANISM_SECCOMP))
        return LEVEL_NONE;
    if (namespaces && mounts && host->user_namespace)
        return LEVEL_USER;
    if (namespaces && mounts && users && has_all(host, groups, sizeof groups / sizeof *groups))
        return LEVEL_FULL;
    if (namespaces && users && (mounts || host_has(host, MECHANISM_LANDLOCK)))
        return LEVEL_NAMESPACES;
    return users && host_has(host, MECHANISM_LANDLOCK) ? LEVEL_RESTRICTED : LEVEL_NONE;
}

/* ---- user namespaces ---------------------------------------------------------------------------------------- */

static int self_write(const char *name, const char *text)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/%s", name);
    int file = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t written = file < 0 ? -1 : write(file, text, strlen(text));
    if (file >= 0)
        close(file);
    return written < 0 ? -1 : 0;
}

/* One user and one group are there inside, the same as outside: user_namespaces(7). */
static int user_namespace_enter(uid_t uid, int flags)
{
    char map[64];
    if (geteuid() == 0) {
        /* Root of a container, which is not to be the programs' user. */
        if (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
            return -1;
        prctl(PR_SET_DUMPABLE, 1); /* else the maps belong to root */
    }
    uid_t user = geteuid();
    gid_t group = getegid();
    if (unshare(CLONE_NEWUSER | flags) < 0 || self_write("setgroups", "deny") < 0)
        return -1;
    snprintf(map, sizeof map, "%u %u 1", user, user);
    if (self_write("uid_map", map) < 0)
        return -1;
    snprintf(map, sizeof map, "%u %u 1", group, group);
    return self_write("gid_map", map);
}

int host_unshare(const struct host *host, uid_t uid, int flags, struct fault *fault)
{
    int result = host->user_namespace ? user_namespace_enter(uid, flags) : flags ? unshare(flags) : 0;
    return result == 0 ? 0 : fault_set(fault, "new namespaces: %s", strerror(errno));
}

/* ---- attempts: each runs in a child of its own and returns 0 or an errno --------------------------------------- */

struct attempt {
    const struct host *host;
    int flags;
};

static int attempt_users(const struct attempt *attempt)
{
    (void)attempt;
    int pipe_ends[2], error = 0;
    if (pipe2(pipe_ends, O_CLOEXEC) < 0)
        return errno;
    pid_t other = fork();
    if (other == 0) {
        if (setgroups(0, NULL) < 0 || setresgid(PROBE_UID, PROBE_UID, PROBE_UID) < 0 ||
            setresuid(PROBE_UID, PROBE_UID, PROBE_UID) < 0)
            error = errno;
        _exit(write(pipe_ends[1], &error, sizeof error) == sizeof error ? pause() : 0);
    }
    if (read(pipe_ends[0], &error, sizeof error) != sizeof error)
        error = EIO;
    /* To run as another user is of no use if we may not end what runs so. */
    if (kill(other, SIGKILL) < 0 && !error)
        error = errno;
    waitpid(other, NULL, 0);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    return error;
}

static int attempt_unshare(const struct attempt *attempt)
{
    struct fault fault = {""};
    return host_unshare(attempt->host, PROBE_UID, attempt->flags, &fault) < 0 ? errno : 0;
}

static int attempt_mounts(const struct attempt *attempt)
{
    struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};
    int error = attempt_unshare(attempt), box;
    struct box made = {.folder = -1, .context = -1};
    struct fault fault = {""};
    if (error)
        return error;
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("safeexec", "/tmp", "tmpfs", MS_NOSUID, "size=1m,mode=0755") < 0 || mkdir("/tmp/usr", 0755) < 0 ||
        mkdir("/tmp/box", 0755) < 0 || mount("/usr", "/tmp/usr", NULL, MS_BIND | MS_REC, NULL) < 0 ||
        mount_setattr(AT_FDCWD, "/tmp/usr", AT_RECURSIVE, &read_only, sizeof read_only) < 0)
        return errno;
    box = box_mount_make(&made, &fault);
    if (box < 0 || move_mount(box, "", AT_FDCWD, "/tmp/box", MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return errno;
    return chdir("/tmp") < 0 || mount("/tmp", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 ? errno : 0;
}

static int attempt_proc(const struct attempt *attempt)
{
    int error = attempt_unshare(attempt), status;
    if (error)
        return error;
    pid_t first = fork(); /* pid 1 of the new namespace */
    if (first == 0) {
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
        _exit(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "hidepid=2,subset=pid") < 0 ? errno : 0);
    }
    if (first < 0 || waitpid(first, &status, 0) != first)
        return errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

static int attempt_seccomp(const struct attempt *attempt) { return seccomp_probe(attempt->flags); }

static int try(int (*function)(const struct attempt *), const struct host *host, int flags)
{
    const struct attempt attempt = {host, flags};
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(function(&attempt));
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return child < 0 ? errno : WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

/* ---- findings --------------------------------------------------------------------------------------------------- */

static void found(struct host *host, enum mechanism mechanism, bool works, const char *text)
{
    host->found[mechanism].works = works;
    snprintf(host->found[mechanism].text, sizeof host->found[mechanism].text, "%s", text);
}

static void found_error(struct host *host, enum mechanism mechanism, int error, const char *text)
{
    found(host, mechanism, error == 0, error ? strerror(error) : text);
}

static void namespaces_probe(struct host *host)
{
    static const struct {
        enum mechanism mechanism;
        int flag;
    } spaces[] = {{MECHANISM_PID, CLONE_NEWPID}, {MECHANISM_IPC, CLONE_NEWIPC}, {MECHANISM_MOUNT, CLONE_NEWNS},
                  {MECHANISM_NET, CLONE_NEWNET}, {MECHANISM_UTS, CLONE_NEWUTS}, {MECHANISM_CGROUP_NS, CLONE_NEWCGROUP}};
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++)
        found_error(host, spaces[i].mechanism, try(attempt_unshare, host, spaces[i].flag),
                    host->user_namespace ? "within a user namespace" : "allowed");
    found_error(host, MECHANISM_MOUNTS, try(attempt_mounts, host, CLONE_NEWNS), "tmpfs, read-only binds, a new root");
    found_error(host, MECHANISM_PROC, try(attempt_proc, host, CLONE_NEWPID | CLONE_NEWNS), "of the run's own processes only");
}

/* Privilege first; without it, a user namespace may give what is needed inside. */
static void user_namespace_probe(struct host *host, enum level at_most)
{
    bool direct = try(attempt_unshare, host, ALL_NAMESPACES) == 0;
    if (direct && at_most != LEVEL_USER)
        return;
    host->user_namespace = true;
    if (try(attempt_unshare, host, ALL_NAMESPACES) != 0 || try(attempt_mounts, host, CLONE_NEWNS) != 0)
        host->user_namespace = false;
}

static void cgroup_probe(struct host *host)
{
    struct cgroup_tree tree;
    struct cgroup_leaf leaf = {0};
    struct fault fault = {""};
    char text[64] = "";
    bool works = cgroup_tree_open(&tree, &fault) == 0 && cgroup_leaf_make(&leaf, &tree, "probe", &fault) == 0;
    snprintf(text, sizeof text, "cgroup v%d", tree.version);
    for (enum mechanism i = MECHANISM_MEMORY; i <= MECHANISM_CPU; i++)
        found(host, i, works, works ? text : fault.text);
    bool v2 = works && tree.version == 2;
    int folder = works ? leaf.directory[CONTROLLER_MEMORY] : -1;
    found(host, MECHANISM_PEAK, works && leaf.memory_peak >= 0, tree.version == 1 ? "memory.max_usage_in_bytes" : "memory.peak");
    found(host, MECHANISM_CGROUP_KILL, v2 && faccessat(folder, "cgroup.kill", W_OK, 0) == 0, v2 ? "cgroup.kill" : "of cgroup v2 only");
    found(host, MECHANISM_OOM_GROUP, v2 && faccessat(folder, "memory.oom.group", W_OK, 0) == 0,
          v2 ? "memory.oom.group" : "of cgroup v2 only");
    found(host, MECHANISM_BORN, works, tree.version == 1 ? "the zygote sits in the group" : "CLONE_INTO_CGROUP");
    if (v2) {
        int error = cgroup_clone_probe(folder);
        found_error(host, MECHANISM_BORN, error, "CLONE_INTO_CGROUP");
    }
    cgroup_leaf_remove(&leaf, &tree);
    cgroup_tree_remove(&tree);
}

static void filters_probe(struct host *host)
{
    char text[64];
    host->landlock_abi = landlock_version();
    snprintf(text, sizeof text, "ABI %d", host->landlock_abi);
    found(host, MECHANISM_LANDLOCK, host->landlock_abi > 0, host->landlock_abi ? text : strerror(errno));
    found_error(host, MECHANISM_SECCOMP, try(attempt_seccomp, host, false), "filters are taken");
    found_error(host, MECHANISM_CALLS, try(attempt_seccomp, host, true), "seccomp notification");
    /* That of a container's engine would answer with an error what we would hear of: only a kill outranks it. */
    if (prctl(PR_GET_SECCOMP) == 2)
        found(host, MECHANISM_CALLS, false, "there is another filter already");
}

/* Leaves out what is stronger than wanted. */
static void weaken(struct host *host, enum level at_most)
{
    static const char text[] = "left out, as --level says";
    if (at_most == LEVEL_USER && !host->user_namespace)
        at_most = LEVEL_RESTRICTED;
    if (at_most <= LEVEL_NAMESPACES) {
        found(host, MECHANISM_MOUNTS, host_has(host, MECHANISM_MOUNTS) && at_most == LEVEL_USER, text);
        found(host, MECHANISM_PROC, host_has(host, MECHANISM_PROC) && at_most == LEVEL_USER, text);
    }
    for (enum mechanism i = MECHANISM_MEMORY; at_most <= LEVEL_USER && i <= MECHANISM_OOM_GROUP; i++)
        found(host, i, false, text);
    for (enum mechanism i = MECHANISM_PID; at_most <= LEVEL_RESTRICTED && i <= MECHANISM_CGROUP_NS; i++)
        found(host, i, false, text);
    if (at_most <= LEVEL_RESTRICTED)
        host->user_namespace = false;
}

void host_guess(struct host *host)
{
    *host = (struct host){.level = LEVEL_FULL, .landlock_abi = landlock_version()};
    for (unsigned i = 0; i < MECHANISMS; i++)
        found(host, (enum mechanism)i, true, "not tried");
    found(host, MECHANISM_LANDLOCK, host->landlock_abi > 0, "not tried");
}

void host_probe(struct host *host, enum level at_most)
{
    *host = (struct host){0};
    found_error(host, MECHANISM_USERS, try(attempt_users, host, 0), "one per slot");
    user_namespace_probe(host, at_most);
    namespaces_probe(host);
    cgroup_probe(host);
    filters_probe(host);
    if (at_most < LEVEL_FULL)
        weaken(host, at_most);
    host->level = level_reached(host);
}
