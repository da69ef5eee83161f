/* What a tree of processes uses now, from /proc: where no cgroup counts for us. */
#include "safeexec.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More than any limit of processes allows, and enough to make sense of a fork bomb. */
enum { TREE_MAX = 4200, PAGE_BYTES = 4096 };

static ssize_t proc_read(pid_t pid, const char *name, char *buffer, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, buffer, size - 1);
    if (file >= 0)
        close(file);
    buffer[length < 0 ? 0 : length] = 0;
    return length;
}

/* Appends what one thread has forked. */
static size_t forks_append(pid_t pid, const char *thread, pid_t *tree, size_t count)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%.16s/children", (int)pid, thread);
    FILE *children = fopen(path, "re");
    int child;
    while (children && count < TREE_MAX && fscanf(children, "%d", &child) == 1)
        tree[count++] = child;
    if (children)
        fclose(children);
    return count;
}

/* Appends the children of all of its threads: proc_pid_task_children(5). */
static size_t children_append(pid_t pid, pid_t *tree, size_t count)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *threads = opendir(path);
    const struct dirent *thread;
    while (threads && (thread = readdir(threads)))
        if (thread->d_name[0] != '.')
            count = forks_append(pid, thread->d_name, tree, count);
    if (threads)
        closedir(threads);
    return count;
}

static uint64_t resident_bytes(pid_t pid)
{
    char text[128], *end;
    if (proc_read(pid, "statm", text, sizeof text) <= 0)
        return 0;
    strtoull(text, &end, 10); /* the whole size comes first */
    return strtoull(end, NULL, 10) * PAGE_BYTES;
}

/* CPU time of the children it has waited for: fields 16 and 17 of proc_pid_stat(5), in ticks. */
static uint64_t waited_cpu_ns(pid_t pid)
{
    char text[1024];
    if (proc_read(pid, "stat", text, sizeof text) <= 0)
        return 0;
    char *field = strrchr(text, ')');
    for (int i = 2; field && i < 16; i++)
        field = strchr(field + 1, ' ');
    if (!field)
        return 0;
    uint64_t ticks = strtoull(field, &field, 10);
    ticks += strtoull(field, NULL, 10);
    return ticks * (NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
}

struct census census_take(pid_t root)
{
    static pid_t tree[TREE_MAX];
    struct census census = {.cpu_ns = waited_cpu_ns(root)};
    size_t count = children_append(root, tree, 0);
    for (size_t i = 0; i < count; i++) {
        census.resident_bytes += resident_bytes(tree[i]);
        census.cpu_ns += clock_cpu_ns(tree[i]) + waited_cpu_ns(tree[i]);
        count = children_append(tree[i], tree, count);
    }
    return census;
}
