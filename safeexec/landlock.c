/* Landlock (landlock(7)): where nothing can be mounted it is the wall around the file system, elsewhere a second
 * one behind the read-only root; and it cuts signals and abstract sockets to processes outside. */
#include "safeexec.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than the headers that we may be built with. */
struct ruleset_attributes {
    uint64_t handled_fs, handled_net, scoped;
};
struct path_rule {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));
enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446, RULE_PATH = 1 };

enum {
    FS_EXECUTE = 1 << 0,
    FS_WRITE_FILE = 1 << 1,
    FS_READ_FILE = 1 << 2,
    FS_READ_DIR = 1 << 3,
    FS_REFER = 1 << 13,     /* ABI 2 */
    FS_TRUNCATE = 1 << 14,  /* ABI 3 */
    FS_IOCTL_DEV = 1 << 15, /* ABI 5 */
    FS_READ = FS_EXECUTE | FS_READ_FILE | FS_READ_DIR,
    FS_OF_FILES = FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV,
    FS_ALL = 0xffff,
    NET_ALL = 3,    /* ABI 4: bind and connect TCP */
    SCOPE_ALL = 3,  /* ABI 6: abstract sockets, signals */
};

struct rules {
    int ruleset;
    uint64_t handled;
    struct fault *fault;
};

static uint64_t known_fs(int abi)
{
    uint64_t unknown = 0;
    unknown |= abi < 2 ? FS_REFER : 0;
    unknown |= abi < 3 ? FS_TRUNCATE : 0;
    unknown |= abi < 5 ? FS_IOCTL_DEV : 0;
    return FS_ALL & ~unknown;
}

static void descriptor_allow(const struct rules *rules, int descriptor, uint64_t access, const char *what)
{
    struct stat status;
    struct path_rule rule = {access & rules->handled, descriptor};
    if (fstat(descriptor, &status) == 0 && !S_ISDIR(status.st_mode))
        rule.allowed &= FS_OF_FILES;
    /* EBADFD: it lies in no hierarchy, a memfd for one, and is never refused. */
    if (rule.allowed && syscall(ADD_RULE, rules->ruleset, RULE_PATH, &rule, 0) < 0 && errno != EBADFD)
        fault_set(rules->fault, "landlock %s: %s", what, strerror(errno));
}

/* What this host has not got needs no rule. */
static void path_allow(const struct rules *rules, const char *path, uint64_t access)
{
    int descriptor = open(path, O_PATH | O_CLOEXEC);
    if (descriptor < 0)
        return;
    descriptor_allow(rules, descriptor, access, path);
    close(descriptor);
}

static void patterns_allow(const struct rules *rules, const char *const *patterns, uint64_t access)
{
    for (; *patterns; patterns++) {
        glob_t found;
        if (glob(*patterns, 0, NULL, &found) != 0)
            continue;
        for (size_t i = 0; i < found.gl_pathc; i++)
            path_allow(rules, found.gl_pathv[i], access);
        globfree(&found);
    }
}

static void box_allow(const struct rules *rules, const struct box *box)
{
    char path[280];
    snprintf(path, sizeof path, "%s/box", box->path);
    path_allow(rules, path, FS_ALL);
    snprintf(path, sizeof path, "%s/tmp", box->path);
    path_allow(rules, path, FS_ALL);
}

/* A run reads what its root shows: that is made of what it may read. */
static void run_allow(const struct rules *rules)
{
    static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", NULL};
    patterns_allow(rules, devices, FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE);
}

/* A compiler that is told to read a device would read for ever. */
static void compile_allow(const struct rules *rules)
{
    path_allow(rules, "/dev/null", FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE);
}

static void rules_add(const struct rules *rules, const struct host *host, const struct root_plan *plan,
                      const struct box *box, enum profile profile)
{
    static const char *const toolchains[] = {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32",
                                             "/etc/alternatives", "/etc/ld.so.cache", "/etc/java*", "/etc/localtime",
                                             "/etc/timezone", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat",
                                             "/proc/version", "/proc/filesystems",
                                             /* Node.js does without it where it is not, and ends where it is refused. */
                                             "/etc/ssl/openssl.cnf", NULL};
    bool own_root = host_has(host, MECHANISM_MOUNTS);
    if (own_root && profile == PROFILE_RUN)
        path_allow(rules, "/", FS_READ);
    else
        patterns_allow(rules, toolchains, FS_READ);
    if (profile == PROFILE_COMPILE)
        compile_allow(rules);
    else
        run_allow(rules);
    /* Not to write: a program that lowers its oom_score_adj would have one of us killed in its place. */
    if (own_root)
        path_allow(rules, "/proc", FS_READ);
    box_allow(rules, box);
    for (int i = 0; i < SHOWN_FOLDERS; i++)
        if (plan->shown[i].path)
            path_allow(rules, plan->shown[i].path, plan->shown[i].writable ? FS_ALL : FS_READ);
}

int landlock_version(void)
{
    long abi = syscall(CREATE_RULESET, NULL, 0, 1); /* LANDLOCK_CREATE_RULESET_VERSION */
    return abi > 0 ? (int)abi : 0;
}

int landlock_ruleset(const struct host *host, const struct root_plan *plan, const struct box *box,
                     enum profile profile, struct fault *fault)
{
    int abi = host->landlock_abi;
    if (abi < 1)
        return -1;
    /* An operator's root is as open as its owner has made it. */
    uint64_t handled = plan->chroot_dir ? 0 : known_fs(abi);
    struct ruleset_attributes attributes = {handled, abi >= 4 ? NET_ALL : 0, abi >= 6 ? SCOPE_ALL : 0};
    size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
    if (!attributes.handled_fs && !attributes.handled_net)
        return -1;
    const struct rules rules = {(int)syscall(CREATE_RULESET, &attributes, size, 0), handled, fault};
    if (rules.ruleset < 0) {
        fault_set(fault, "landlock: %s", strerror(errno));
        return -1;
    }
    if (handled)
        rules_add(&rules, host, plan, box, profile);
    return rules.ruleset;
}

/* What can be named only now: the standard streams, where programs open /dev/stdin, and the process itself. */
static void run_own_allow(const struct rules *rules, const struct host *host, const int stdio[3])
{
    struct stat status;
    for (int i = 0; i < 3; i++)
        if (fstat(stdio[i], &status) == 0 && S_ISREG(status.st_mode))
            descriptor_allow(rules, stdio[i], i == 0 ? FS_READ_FILE : FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE, "stdio");
    if (!host_has(host, MECHANISM_MOUNTS)) /* else all of /proc is the run's, and allowed */
        path_allow(rules, "/proc/self", FS_READ);
}

int landlock_enter(const struct host *host, const struct root_plan *plan, int ruleset, const int stdio[3],
                   struct fault *fault)
{
    if (ruleset < 0)
        return 0;
    const struct rules rules = {ruleset, known_fs(host->landlock_abi), fault};
    if (!plan->chroot_dir)
        run_own_allow(&rules, host, stdio);
    if (syscall(RESTRICT_SELF, ruleset, 0) < 0)
        fault_set(fault, "landlock: %s", strerror(errno));
    return fault->text[0] ? -1 : 0;
}
