/* cgroup v1 and v2 behind one set of words.
 *
 * v1: a process that is moved after an idle spell waits 11 to 14 ms (measured), so the zygote sits in
 *     the leaf for good and what it clones is born there; the leaf serves run after run.
 * v2: CLONE_INTO_CGROUP (clone(2)) puts the stub straight into the leaf, a fresh one for each run.
 *
 * Every group of ours lies below <root>/safeexec/<name>, and <name> is flocked by those who live in
 * it. A name whose lock can be taken belongs to nobody: the next start clears it. The lock is on the
 * folder itself, so that it is seen by every container that shares the hierarchy.
 *
 * <root> is the hierarchy's, or on v2 the group that systemd or a container's engine has delegated to us
 * (https://systemd.io/CGROUP_DELEGATION). A group that gives its controllers to groups below may hold no
 * process itself (cgroups(7), "no internal processes"): what sits there then moves to <root>/safeexec.init. */
#include "safeexec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

enum { NOISE_BYTES = 1 << 20, DRAIN_S = 10 };
/* Below 1000 pages oom_score_adj means nothing (oom_badness() counts in thousandths of the limit's pages, in
 * integers), and the kernel may end one of us in the place of the program. */
enum { LEAST_LIMIT_BYTES = 1100 * 4096 };

static const char *const v1_controllers[CONTROLLERS] = {"memory", "pids", "cpuacct"};

/* ---- small files -------------------------------------------------------------------------------- */

static ssize_t text_read(int fd, char *buffer, size_t size)
{
    ssize_t length = fd < 0 ? -1 : pread(fd, buffer, size - 1, 0);
    buffer[length < 0 ? 0 : length] = 0;
    return length;
}

/* The number after `key` and a blank, at the start of a line; 0 if there is none. */
static uint64_t text_value(const char *text, const char *key)
{
    size_t length = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        const char *rest = strncmp(line, key, length) == 0 ? line + length : "";
        if (*rest == ' ')
            return strtoull(rest + 1, NULL, 10);
    }
    return 0;
}

static int number_write(int fd, int64_t value)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%lld", (long long)value);
    return pwrite(fd, text, (size_t)length, 0) == length ? 0 : -1;
}

static int file_write(int folder, const char *name, const char *text)
{
    int fd = openat(folder, name, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t written = write(fd, text, strlen(text));
    close(fd);
    return written < 0 ? -1 : 0;
}

static bool list_contains(const char *list, const char *word, const char *separators)
{
    size_t length = strlen(word);
    for (const char *item = list; *item;) {
        size_t item_length = strcspn(item, separators);
        if (item_length == length && strncmp(item, word, length) == 0)
            return true;
        item += item_length;
        item += strspn(item, separators);
    }
    return false;
}

/* ---- where the hierarchies are (proc_pid_mountinfo(5)) --------------------------------------------- */

struct mount_entry {
    char *point, *type, *options;
};

static bool mount_parse(char *line, struct mount_entry *entry)
{
    char *fields[5], *save = NULL;
    char *dash = strstr(line, " - ");
    if (!dash)
        return false;
    *dash = 0;
    for (int i = 0; i < 5; i++)
        if (!(fields[i] = strtok_r(i ? NULL : line, " ", &save)))
            return false;
    entry->point = fields[4];
    entry->type = strtok_r(dash + 3, " \n", &save);
    strtok_r(NULL, " \n", &save); /* the source */
    entry->options = strtok_r(NULL, " \n", &save);
    return entry->type && entry->options;
}

static int folder_at(int parent, const char *path)
{
    return openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool v2_offers_controllers(int root)
{
    char text[512];
    int list = openat(root, "cgroup.controllers", O_RDONLY | O_CLOEXEC);
    text_read(list, text, sizeof text);
    if (list >= 0)
        close(list);
    return list_contains(text, "memory", " \n") && list_contains(text, "pids", " \n");
}

/* Our own group on v2, as seen in our cgroup namespace: "/" or a path. */
static bool own_group(char *path, size_t size)
{
    FILE *groups = fopen("/proc/self/cgroup", "re");
    char line[4096];
    bool found = false;
    while (groups && !found && fgets(line, sizeof line, groups)) {
        line[strcspn(line, "\n")] = 0;
        found = strncmp(line, "0::/", 4) == 0 && (size_t)snprintf(path, size, "%s", line + 4) < size;
    }
    if (groups)
        fclose(groups);
    return found;
}

/* Delegated: systemd marks it so, or it belongs to us who are not root. */
static bool is_delegated(int group)
{
    char mark[8] = "";
    struct stat status;
    if (geteuid() != 0)
        return fstat(group, &status) == 0 && status.st_uid == geteuid();
    ssize_t length = fgetxattr(group, "trusted.delegate", mark, sizeof mark - 1);
    if (length <= 0)
        length = fgetxattr(group, "user.delegate", mark, sizeof mark - 1);
    return length > 0 && mark[0] == '1';
}

static int v2_root_open(const char *point)
{
    char own[4096];
    int mounted = folder_at(AT_FDCWD, point);
    int delegated = mounted >= 0 && own_group(own, sizeof own) && own[0] ? folder_at(mounted, own) : -1;
    if (delegated >= 0 && is_delegated(delegated)) {
        close(mounted);
        mounted = delegated;
    } else if (delegated >= 0)
        close(delegated);
    if (mounted >= 0 && v2_offers_controllers(mounted))
        return mounted;
    /* On a hybrid host the controllers are with v1. */
    if (mounted >= 0)
        close(mounted);
    return -1;
}

static void root_consider(struct cgroup_tree *tree, int roots[CONTROLLERS], const struct mount_entry *entry)
{
    if (strcmp(entry->type, "cgroup2") == 0 && tree->version == 0) {
        int root = v2_root_open(entry->point);
        if (root >= 0) {
            tree->version = 2;
            roots[0] = root;
        }
    }
    if (strcmp(entry->type, "cgroup") != 0 || tree->version == 2)
        return;
    for (int i = 0; i < CONTROLLERS; i++)
        if (roots[i] < 0 && list_contains(entry->options, v1_controllers[i], ","))
            roots[i] = folder_at(AT_FDCWD, entry->point);
}

static int roots_find(struct cgroup_tree *tree, int roots[CONTROLLERS], struct fault *fault)
{
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    if (!mounts)
        return fault_set(fault, "open /proc/self/mountinfo: %s", strerror(errno));
    char *line = NULL;
    size_t size = 0;
    struct mount_entry entry;
    while (getline(&line, &size, mounts) > 0)
        if (mount_parse(line, &entry))
            root_consider(tree, roots, &entry);
    free(line);
    fclose(mounts);
    if (tree->version == 2) {
        tree->hierarchies = 1;
        return 0;
    }
    for (int i = 0; i < CONTROLLERS; i++)
        if (roots[i] < 0)
            return fault_set(fault, "no cgroup hierarchy with the %s controller is mounted", v1_controllers[i]);
    tree->version = 1;
    tree->hierarchies = CONTROLLERS;
    return 0;
}

/* ---- groups of the dead ----------------------------------------------------------------------------- */

static void folder_kill(int folder, pid_t spared)
{
    if (!spared && file_write(folder, "cgroup.kill", "1") == 0)
        return; /* Linux 5.14: all at once */
    int list = openat(folder, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    FILE *stream = list < 0 ? NULL : fdopen(list, "r");
    int pid;
    while (stream && fscanf(stream, "%d", &pid) == 1)
        if (pid > 0 && pid != spared)
            kill(pid, SIGKILL);
    if (stream)
        fclose(stream);
}

/* Kills what is in the group and removes it. A group that stays busy for a second is left, and said so. */
static void folder_remove(int parent, const char *name)
{
    for (int attempt = 0; attempt < 200; attempt++) {
        if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
            return;
        int folder = folder_at(parent, name);
        if (folder < 0)
            return;
        folder_kill(folder, 0);
        close(folder);
        nanosleep(&(struct timespec){.tv_nsec = 5 * NS_PER_MS}, NULL);
    }
    warn("cgroup %s could not be removed: %s", name, strerror(errno));
}

static void children_remove(int group)
{
    int copy = folder_at(group, ".");
    DIR *stream = copy < 0 ? NULL : fdopendir(copy);
    if (!stream)
        return;
    const struct dirent *entry;
    while ((entry = readdir(stream)))
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            folder_remove(group, entry->d_name);
    closedir(stream);
}

static void group_remove_if_dead(int parent, const char *name)
{
    int group = folder_at(parent, name);
    if (group < 0)
        return;
    if (flock(group, LOCK_EX | LOCK_NB) == 0) {
        children_remove(group);
        folder_remove(parent, name);
    }
    close(group);
}

static void dead_groups_remove(int parent)
{
    int copy = folder_at(parent, ".");
    DIR *stream = copy < 0 ? NULL : fdopendir(copy);
    if (!stream)
        return;
    const struct dirent *entry;
    while ((entry = readdir(stream)))
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            group_remove_if_dead(parent, entry->d_name);
    closedir(stream);
}

/* ---- our group ---------------------------------------------------------------------------------------- */

static int folder_open(int parent, const char *name, struct fault *fault)
{
    if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST)
        return fault_set(fault, "mkdir cgroup %s: %s", name, strerror(errno));
    int folder = folder_at(parent, name);
    return folder < 0 ? fault_set(fault, "open cgroup %s: %s", name, strerror(errno)) : folder;
}

static bool still_there(int parent, const char *name, int folder)
{
    struct stat by_name, by_fd;
    return fstatat(parent, name, &by_name, 0) == 0 && fstat(folder, &by_fd) == 0 &&
           by_name.st_ino == by_fd.st_ino;
}

/* Makes and locks `name`. Between mkdir and flock a cleaner may take the folder for a dead one's. */
static int group_make(int parent, const char *name, struct fault *fault)
{
    for (int attempt = 0; attempt < 10; attempt++) {
        int group = folder_open(parent, name, fault);
        if (group < 0)
            return -1;
        if (flock(group, LOCK_EX) == 0 && still_there(parent, name, group))
            return group;
        close(group);
    }
    return fault_set(fault, "cgroup %s is removed as soon as it is made", name);
}

/* The way out of the "no internal processes" rule that container engines take as well. */
static void v2_processes_move(int root)
{
    char pid[32];
    struct fault ignored = {""};
    int init = folder_open(root, "safeexec.init", &ignored);
    int list = openat(root, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    FILE *stream = list < 0 ? NULL : fdopen(list, "r");
    while (stream && init >= 0 && fgets(pid, sizeof pid, stream))
        file_write(init, "cgroup.procs", pid);
    if (stream)
        fclose(stream);
    if (init >= 0)
        close(init);
}

static int v2_controllers_enable(int folder, struct fault *fault)
{
    static const char wanted[] = "+memory +pids";
    for (int attempt = 0; file_write(folder, "cgroup.subtree_control", wanted) < 0; attempt++) {
        if (errno != EBUSY || attempt == 3)
            return fault_set(fault, "cgroup.subtree_control: %s", strerror(errno));
        v2_processes_move(folder);
    }
    /* cpu.stat counts usage without it too. */
    file_write(folder, "cgroup.subtree_control", "+cpu");
    return 0;
}

static int hierarchy_open(struct cgroup_tree *tree, unsigned index, int root, struct fault *fault)
{
    if (tree->version == 2 && v2_controllers_enable(root, fault) < 0)
        return -1;
    int parent = tree->parent[index] = folder_open(root, "safeexec", fault);
    if (parent < 0 || (tree->version == 2 && v2_controllers_enable(parent, fault) < 0))
        return -1;
    dead_groups_remove(parent);
    int group = tree->group[index] = group_make(parent, tree->name, fault);
    if (group < 0 || (tree->version == 2 && v2_controllers_enable(group, fault) < 0))
        return -1;
    return 0;
}

int cgroup_tree_open(struct cgroup_tree *tree, struct fault *fault)
{
    *tree = (struct cgroup_tree){.parent = {-1, -1, -1}, .group = {-1, -1, -1}};
    int roots[CONTROLLERS] = {-1, -1, -1};
    uint64_t random;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        return fault_set(fault, "getrandom: %s", strerror(errno));
    snprintf(tree->name, sizeof tree->name, "%016llx", (unsigned long long)random);
    int result = roots_find(tree, roots, fault);
    if (result < 0)
        tree->version = 0;
    for (unsigned i = 0; result == 0 && i < tree->hierarchies; i++)
        result = hierarchy_open(tree, i, roots[i], fault);
    for (int i = 0; i < CONTROLLERS; i++)
        if (roots[i] >= 0)
            close(roots[i]);
    return result;
}

void cgroup_tree_remove(struct cgroup_tree *tree)
{
    for (unsigned i = 0; i < tree->hierarchies; i++) {
        if (tree->group[i] >= 0) {
            children_remove(tree->group[i]);
            folder_remove(tree->parent[i], tree->name);
            close(tree->group[i]);
        }
        if (tree->parent[i] >= 0) {
            /* Fails while another service lives there, as it should. */
            unlinkat(tree->parent[i], "../safeexec", AT_REMOVEDIR);
            close(tree->parent[i]);
        }
    }
    *tree = (struct cgroup_tree){0};
}

/* ---- leaves ---------------------------------------------------------------------------------------------- */

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

static uint64_t number_read(int fd)
{
    char text[32];
    text_read(fd, text, sizeof text);
    return strtoull(text, NULL, 10);
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
        if ((leaf->directory[i] = folder_open(tree->group[i], name, fault)) < 0)
            return -1;
    for (unsigned i = tree->hierarchies; i < CONTROLLERS; i++)
        leaf->directory[i] = dup(leaf->directory[0]);
    if (leaf_files_open(leaf, fault) < 0)
        return -1;
    /* Swap would let a program exceed its limit slowly; the files are absent where there is no swap. */
    file_write(leaf->directory[CONTROLLER_MEMORY], "memory.swap.max", "0");
    file_write(leaf->directory[CONTROLLER_MEMORY], "memory.swappiness", "0");
    /* v2: all of a run dies at once, the stub with it. On v1 there is no such thing, and the zygote lives here. */
    file_write(leaf->directory[CONTROLLER_MEMORY], "memory.oom.group", "1");
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
        folder_remove(tree->group[i], leaf->name);
    leaf->version = 0;
}

int cgroup_leaf_join(const struct cgroup_leaf *leaf, struct fault *fault)
{
    for (unsigned i = 0; leaf->version == 1 && i < CONTROLLERS; i++)
        if (file_write(leaf->directory[i], "cgroup.procs", "0") < 0)
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
        file_write(leaf->directory[CONTROLLER_MEMORY], "memory.force_empty", "0");
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
        folder_kill(leaf->directory[CONTROLLER_MEMORY], leaf->version == 1 ? spared : 0);
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
    if (events.kills > leaf->oom_kills)
        usage.memory_event = MEMORY_EVENT_KILLED;
    else if (events.refusals > leaf->refusals)
        usage.memory_event = MEMORY_EVENT_REFUSED;
    return usage;
}
