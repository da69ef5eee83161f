/* cgroup v1 and v2 behind one set of words.
 *
 * v1: a process that is moved after an idle spell waits 11 to 14 ms (measured), so the zygote sits in
 *     the leaf for good and what it clones is born there; the leaf serves run after run.
 * v2: CLONE_INTO_CGROUP (clone(2)) puts the stub straight into the leaf.
 *
 * Every group of ours lies below <root>/safeexec/<name>, and <name> is flocked by those who live in
 * it. A name whose lock can be taken belongs to nobody: the next start clears it. The lock is on the
 * folder itself, so that it is seen by every container that shares the hierarchy. */
#include "safeexec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { CACHE_NOISE_BYTES = 1 << 20 };

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
        if (strncmp(line, key, length) == 0 && line[length] == ' ')
            return strtoull(line + length + 1, NULL, 10);
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

/* v2 serves if its root offers what we need; on a hybrid host its controllers are with v1. */
static int v2_root_open(const char *point)
{
    char text[512];
    int root = open(point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int list = root < 0 ? -1 : openat(root, "cgroup.controllers", O_RDONLY | O_CLOEXEC);
    text_read(list, text, sizeof text);
    if (list >= 0)
        close(list);
    if (list_contains(text, "memory", " \n") && list_contains(text, "pids", " \n"))
        return root;
    if (root >= 0)
        close(root);
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
            roots[i] = open(entry->point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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

static bool folder_kill_once(int folder)
{
    int list = openat(folder, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    FILE *stream = list < 0 ? NULL : fdopen(list, "r");
    if (!stream)
        return true;
    int pid;
    bool empty = true;
    while (fscanf(stream, "%d", &pid) == 1) {
        empty = false;
        kill(pid, SIGKILL);
    }
    fclose(stream);
    return empty;
}

/* Kills what is in the group and removes it. A group that stays busy for a second is left, and said so. */
static void folder_remove(int parent, const char *name)
{
    for (int attempt = 0; attempt < 200; attempt++) {
        if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
            return;
        int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0)
            return;
        folder_kill_once(folder);
        close(folder);
        nanosleep(&(struct timespec){.tv_nsec = 5 * NS_PER_MS}, NULL);
    }
    warn("cgroup %s could not be removed: %s", name, strerror(errno));
}

static void children_remove(int group)
{
    int copy = openat(group, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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
    int group = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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
    int copy = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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
    int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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

static int v2_controllers_enable(int folder, struct fault *fault)
{
    if (file_write(folder, "cgroup.subtree_control", "+memory +pids") < 0)
        return fault_set(fault, "cgroup.subtree_control: %s", strerror(errno));
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
}

/* ---- leaves ---------------------------------------------------------------------------------------------- */

struct leaf_files {
    const char *now, *limit, *peak, *stat, *events, *cpu;
};

static const struct leaf_files leaf_files[] = {
    [1] = {"memory.usage_in_bytes", "memory.limit_in_bytes", "memory.max_usage_in_bytes", "memory.stat",
           "memory.oom_control", "cpuacct.usage"},
    [2] = {"memory.current", "memory.max", "memory.peak", "memory.stat", "memory.events", "cpu.stat"},
};

/* Bytes of page cache charged to the leaf; shared memory, which is cache to the kernel, is not meant. */
static uint64_t leaf_cache(const struct cgroup_leaf *leaf)
{
    char text[8192];
    text_read(leaf->memory_stat, text, sizeof text);
    uint64_t cache = text_value(text, leaf->version == 1 ? "total_cache" : "file");
    uint64_t shared = text_value(text, leaf->version == 1 ? "total_shmem" : "shmem");
    return cache > shared ? cache - shared : 0;
}

static uint64_t leaf_oom_kills(const struct cgroup_leaf *leaf)
{
    char text[512];
    text_read(leaf->memory_events, text, sizeof text);
    return text_value(text, "oom_kill");
}

static int leaf_files_open(struct cgroup_leaf *leaf, struct fault *fault)
{
    const struct leaf_files *files = &leaf_files[leaf->version];
    int memory = leaf->directory[CONTROLLER_MEMORY];
    const struct {
        int *fd, folder;
        const char *name;
        int flags;
    } wanted[] = {
        {&leaf->memory_now, memory, files->now, O_RDONLY},
        {&leaf->memory_limit, memory, files->limit, O_RDWR},
        {&leaf->memory_peak, memory, files->peak, leaf->version == 1 ? O_RDWR : O_RDONLY},
        {&leaf->memory_stat, memory, files->stat, O_RDONLY},
        {&leaf->memory_events, memory, files->events, O_RDONLY},
        {&leaf->pids_now, leaf->directory[CONTROLLER_PIDS], "pids.current", O_RDONLY},
        {&leaf->pids_limit, leaf->directory[CONTROLLER_PIDS], "pids.max", O_RDWR},
        {&leaf->cpu, leaf->directory[CONTROLLER_CPU], files->cpu, O_RDONLY},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        *wanted[i].fd = openat(wanted[i].folder, wanted[i].name, wanted[i].flags | O_CLOEXEC);
        if (*wanted[i].fd < 0)
            return fault_set(fault, "open cgroup file %s: %s", wanted[i].name, strerror(errno));
    }
    return 0;
}

int cgroup_leaf_make(struct cgroup_leaf *leaf, const struct cgroup_tree *tree, const char *name,
                     struct fault *fault)
{
    *leaf = (struct cgroup_leaf){.version = tree->version, .directory = {-1, -1, -1}};
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
    leaf->cache = leaf_cache(leaf);
    leaf->oom_kills = leaf_oom_kills(leaf);
    return 0;
}

void cgroup_leaf_remove(struct cgroup_leaf *leaf, const struct cgroup_tree *tree)
{
    const int files[] = {leaf->memory_now, leaf->memory_limit, leaf->memory_peak, leaf->memory_stat,
                         leaf->memory_events, leaf->pids_now, leaf->pids_limit, leaf->cpu};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        close(files[i]);
    for (unsigned i = 0; i < CONTROLLERS; i++)
        close(leaf->directory[i]);
    for (unsigned i = 0; i < tree->hierarchies; i++)
        folder_remove(tree->group[i], leaf->name);
}

int cgroup_leaf_join(const struct cgroup_leaf *leaf, struct fault *fault)
{
    for (unsigned i = 0; leaf->version == 1 && i < CONTROLLERS; i++)
        if (file_write(leaf->directory[i], "cgroup.procs", "0") < 0)
            return fault_set(fault, "join cgroup (%s): %s", v1_controllers[i], strerror(errno));
    return 0;
}

int cgroup_leaf_prepare(struct cgroup_leaf *leaf, uint64_t tasks, struct fault *fault)
{
    /* Besides the program's: the stub, and on v1 the zygote. */
    uint64_t ours = leaf->version == 1 ? 2 : 1;
    if (number_write(leaf->pids_limit, (int64_t)(tasks + ours)) < 0)
        return fault_set(fault, "pids.max: %s", strerror(errno));
    return 0;
}

/* A pidfd tells the end of a task a moment before the task's charge is given back; the next run's fork
 * would find the leaf full. */
int cgroup_leaf_drain(const struct cgroup_leaf *leaf, struct fault *fault)
{
    uint64_t ours = leaf->version == 1 ? 1 : 0; /* the zygote */
    uint64_t deadline = clock_monotonic_ns() + NS_PER_S;
    char text[32];
    while (text_read(leaf->pids_now, text, sizeof text) > 0 && strtoull(text, NULL, 10) > ours) {
        if (clock_monotonic_ns() > deadline)
            return fault_set(fault, "the run has ended and its cgroup is not empty");
        nanosleep(&(struct timespec){.tv_nsec = 20 * NS_PER_US}, NULL);
    }
    return 0;
}

int64_t cgroup_leaf_arm(const struct cgroup_leaf *leaf, uint64_t cache, uint64_t memory_bytes)
{
    char text[32];
    if (text_read(leaf->memory_now, text, sizeof text) <= 0)
        return -1;
    uint64_t now = strtoull(text, NULL, 10);
    uint64_t base = now > cache ? now - cache : 0;
    if (number_write(leaf->memory_limit, (int64_t)(base + memory_bytes)) < 0)
        return -1;
    /* The high-water mark starts anew; before Linux 6.12 v2 has no way to say so, and a leaf there
     * has seen nothing yet but our own set-up. */
    if (leaf->version == 1)
        number_write(leaf->memory_peak, 0);
    return (int64_t)base;
}

uint64_t cgroup_leaf_cpu_ns(const struct cgroup_leaf *leaf)
{
    char text[512];
    text_read(leaf->cpu, text, sizeof text);
    return leaf->version == 1 ? strtoull(text, NULL, 10) : text_value(text, "usage_usec") * NS_PER_US;
}

/* memory.stat lags behind by up to 64 pages for each CPU and kind: a smaller change is no change. */
static uint64_t leaf_cache_settled(const struct cgroup_leaf *leaf)
{
    uint64_t now = leaf_cache(leaf);
    uint64_t change = now > leaf->cache ? now - leaf->cache : leaf->cache - now;
    return change < CACHE_NOISE_BYTES ? leaf->cache : now;
}

struct cgroup_usage cgroup_leaf_settle(struct cgroup_leaf *leaf, uint64_t base)
{
    char text[32];
    text_read(leaf->memory_peak, text, sizeof text);
    uint64_t peak = strtoull(text, NULL, 10);
    uint64_t ours = base + leaf_cache_settled(leaf);
    uint64_t kills = leaf_oom_kills(leaf);
    struct cgroup_usage usage = {
        .memory_peak = peak > ours ? peak - ours : 0,
        .out_of_memory = kills > leaf->oom_kills,
    };
    /* Without a limit the zygote cannot fall victim to what a run has left. */
    if (leaf->version == 1)
        number_write(leaf->memory_limit, -1);
    leaf->cache = leaf_cache(leaf);
    leaf->oom_kills = kills;
    return usage;
}
