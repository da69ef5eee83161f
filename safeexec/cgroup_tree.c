/* Our groups in the hierarchies of cgroup v1 or v2.
 *
 * v1: a process that is moved after an idle spell waits 11 to 14 ms (measured), so the zygote sits in
 *     the leaf for good and what it clones is born there; the leaf serves run after run.
 * v2: CLONE_INTO_CGROUP (clone(2)) puts the stub straight into the leaf, a fresh one for each run.
 *
 * Every group of ours lies below <root>/safeexec/<name>, and <name> is flocked by those who live in
 * it. A name whose lock can be taken belongs to nobody: the next start clears it. The lock is on the
 * folder itself, so that it is seen by every container that shares the hierarchy.
 *
 * <root> is the hierarchy's, or on v2 the group that systemd or a container's engine has delegated to us, or
 * the root of our cgroup namespace if no process may leave it
 * (https://systemd.io/CGROUP_DELEGATION). A group that gives its controllers to groups below may hold no
 * process itself (cgroups(7), "no internal processes"): what sits there then moves to <root>/safeexec.init. */
#include "safeexec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

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
    char *root, *point, *type, *options;
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
    entry->root = fields[3];
    entry->point = fields[4];
    entry->type = strtok_r(dash + 3, " \n", &save);
    strtok_r(NULL, " \n", &save); /* the source */
    entry->options = strtok_r(NULL, " \n", &save);
    return entry->type && entry->options;
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

static bool has_us(int group)
{
    int list = openat(group, "cgroup.procs", O_RDONLY | O_CLOEXEC), pid = 0;
    FILE *stream = list < 0 ? NULL : fdopen(list, "r");
    while (stream && pid != getpid() && fscanf(stream, "%d", &pid) == 1)
        ;
    if (stream)
        fclose(stream);
    else if (list >= 0)
        close(list);
    return pid == getpid();
}

/* The root of our cgroup namespace, so many levels below `group`: there our own group has its path, and us. */
static int namespace_root_find(int group, unsigned depth, const char *own)
{
    if (depth == 0) {
        int inner = group_at(group, own[0] ? own : ".");
        bool found = inner >= 0 && has_us(inner);
        if (inner >= 0)
            close(inner);
        return found ? group_at(group, ".") : -1;
    }
    int copy = group_at(group, "."), root = -1;
    DIR *stream = copy < 0 ? NULL : fdopendir(copy);
    const struct dirent *entry;
    while (stream && root < 0 && (entry = readdir(stream))) {
        int child = entry->d_type == DT_DIR && entry->d_name[0] != '.' ? group_at(group, entry->d_name) : -1;
        if (child >= 0) {
            root = namespace_root_find(child, depth - 1, own);
            close(child);
        }
    }
    if (stream)
        closedir(stream);
    else if (copy >= 0)
        close(copy);
    return root;
}

/* What was mounted may reach above our cgroup namespace: its root is then "/..", once for each level. With
 * "nsdelegate", which systemd sets, no process is let out of the namespace all the same (cgroups(7)). */
static int v2_mounted_open(const struct mount_entry *entry, const char *own)
{
    int mounted = group_at(AT_FDCWD, entry->point);
    unsigned above = 0;
    while (strncmp(entry->root + (size_t)above * 3, "/..", 3) == 0)
        above++;
    if (mounted < 0 || above == 0 || !list_contains(entry->options, "nsdelegate", ","))
        return mounted;
    int root = namespace_root_find(mounted, above, own);
    close(mounted);
    return root;
}

static int v2_root_open(const struct mount_entry *entry)
{
    char own[4096] = "";
    bool known = own_group(own, sizeof own);
    int mounted = v2_mounted_open(entry, own);
    int delegated = mounted >= 0 && known && own[0] ? group_at(mounted, own) : -1;
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
        int root = v2_root_open(entry);
        if (root >= 0) {
            tree->version = 2;
            roots[0] = root;
        }
    }
    if (strcmp(entry->type, "cgroup") != 0 || tree->version == 2)
        return;
    for (int i = 0; i < CONTROLLERS; i++)
        if (roots[i] < 0 && list_contains(entry->options, v1_controllers[i], ","))
            roots[i] = group_at(AT_FDCWD, entry->point);
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

static void children_remove(int group)
{
    int copy = group_at(group, ".");
    DIR *stream = copy < 0 ? NULL : fdopendir(copy);
    if (!stream)
        return;
    const struct dirent *entry;
    while ((entry = readdir(stream)))
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            group_remove(group, entry->d_name);
    closedir(stream);
}

static void group_remove_if_dead(int parent, const char *name)
{
    int group = group_at(parent, name);
    if (group < 0)
        return;
    if (flock(group, LOCK_EX | LOCK_NB) == 0) {
        children_remove(group);
        group_remove(parent, name);
    }
    close(group);
}

static void dead_groups_remove(int parent)
{
    int copy = group_at(parent, ".");
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
        int group = group_open(parent, name, fault);
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
    int init = group_open(root, "safeexec.init", &ignored);
    int list = openat(root, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    FILE *stream = list < 0 ? NULL : fdopen(list, "r");
    while (stream && init >= 0 && fgets(pid, sizeof pid, stream))
        group_write(init, "cgroup.procs", pid);
    if (stream)
        fclose(stream);
    if (init >= 0)
        close(init);
}

static int v2_controllers_enable(int folder, struct fault *fault)
{
    static const char wanted[] = "+memory +pids";
    for (int attempt = 0; group_write(folder, "cgroup.subtree_control", wanted) < 0; attempt++) {
        if (errno != EBUSY || attempt == 3)
            return fault_set(fault, "cgroup.subtree_control: %s", strerror(errno));
        v2_processes_move(folder);
    }
    /* cpu.stat counts usage without it too. */
    group_write(folder, "cgroup.subtree_control", "+cpu");
    return 0;
}

static int hierarchy_open(struct cgroup_tree *tree, unsigned index, int root, struct fault *fault)
{
    if (tree->version == 2 && v2_controllers_enable(root, fault) < 0)
        return -1;
    int parent = tree->parent[index] = group_open(root, "safeexec", fault);
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
            group_remove(tree->parent[i], tree->name);
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
