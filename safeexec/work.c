/* Boxes as plain folders, where the host lets us mount nothing. They lie on a disk that is not ours, so what a
 * program has made there is removed by us, however deep and wide. */
#include "safeexec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static const char prefix[] = "safeexec-";
enum { COUNT_DEPTH = 64 };

static int folder_at(int parent, const char *name)
{
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* A stream of its own, from the beginning. */
static DIR *folder_stream(int folder)
{
    int copy = folder_at(folder, ".");
    DIR *stream = copy < 0 ? NULL : fdopendir(copy);
    if (!stream && copy >= 0)
        close(copy);
    return stream;
}

static const struct dirent *next_entry(DIR *stream)
{
    const struct dirent *entry;
    while ((entry = readdir(stream)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            return entry;
    return NULL;
}

/* ---- removal ---------------------------------------------------------------------------------------------- */

/* Empties `folder`, but moves what folders it holds up into `top` instead of going down: a chain of 60,000
 * folders is removed without recursion and without a path that grows. */
static bool folder_flatten(int top, int folder, unsigned *moved)
{
    DIR *stream = folder_stream(folder);
    const struct dirent *entry;
    if (!stream)
        return false;
    while ((entry = next_entry(stream))) {
        char name[32];
        snprintf(name, sizeof name, ".moved-%u", ++*moved);
        if (unlinkat(folder, entry->d_name, 0) < 0 && unlinkat(folder, entry->d_name, AT_REMOVEDIR) < 0 &&
            renameat(folder, entry->d_name, top, name) < 0)
            break;
    }
    closedir(stream);
    return entry == NULL;
}

/* Returns false when it made no headway. */
static bool top_pass(int top, unsigned *moved, bool *empty)
{
    DIR *stream = folder_stream(top);
    const struct dirent *entry;
    bool headway = false;
    *empty = true;
    while (stream && (entry = next_entry(stream))) {
        *empty = false;
        if (unlinkat(top, entry->d_name, 0) == 0 || unlinkat(top, entry->d_name, AT_REMOVEDIR) == 0) {
            headway = true;
            continue;
        }
        int folder = folder_at(top, entry->d_name);
        headway |= folder >= 0 && folder_flatten(top, folder, moved);
        if (folder >= 0)
            close(folder);
    }
    if (stream)
        closedir(stream);
    return headway;
}

static void tree_remove(int parent, const char *name)
{
    int top = folder_at(parent, name);
    unsigned moved = 0;
    bool empty = false;
    while (top >= 0 && !empty && top_pass(top, &moved, &empty))
        ;
    if (top >= 0)
        close(top);
    if (unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
        warn("the folder %s could not be removed: %s", name, strerror(errno));
}

/* ---- the work folder ---------------------------------------------------------------------------------------- */

/* A name whose lock can be taken belongs to nobody. */
static void dead_folders_remove(int parent)
{
    DIR *stream = folder_stream(parent);
    const struct dirent *entry;
    while (stream && (entry = next_entry(stream))) {
        if (strncmp(entry->d_name, prefix, sizeof prefix - 1) != 0)
            continue;
        int folder = folder_at(parent, entry->d_name);
        struct stat status;
        bool ours = folder >= 0 && fstat(folder, &status) == 0 && status.st_uid == geteuid();
        if (ours && flock(folder, LOCK_EX | LOCK_NB) == 0)
            tree_remove(parent, entry->d_name);
        if (folder >= 0)
            close(folder);
    }
    if (stream)
        closedir(stream);
}

int work_open(struct work_folder *work, const char *dir, struct fault *fault)
{
    uint64_t random;
    char resolved[4096];
    *work = (struct work_folder){.folder = -1};
    if (getrandom(&random, sizeof random, 0) != sizeof random || !realpath(dir, resolved) ||
        (size_t)snprintf(work->path, sizeof work->path, "%s/%s%016llx", resolved, prefix,
                         (unsigned long long)random) >= sizeof work->path)
        return fault_set(fault, "--work %s: no folder, or its path is longer than 170 bytes", dir);
    int parent = folder_at(AT_FDCWD, resolved);
    if (parent >= 0) {
        dead_folders_remove(parent);
        close(parent);
    }
    if (mkdir(work->path, 0711) < 0 || chmod(work->path, 0711) < 0 ||
        (work->folder = folder_at(AT_FDCWD, work->path)) < 0 || flock(work->folder, LOCK_EX) < 0)
        return fault_set(fault, "--work %s: %s", dir, strerror(errno));
    return 0;
}

void work_remove(struct work_folder *work)
{
    if (work->folder < 0)
        return;
    tree_remove(AT_FDCWD, work->path);
    close(work->folder);
    work->folder = -1;
}

int work_box_make(const struct work_folder *work, struct box *box, const char *name, uid_t uid, struct fault *fault)
{
    *box = (struct box){.folder = -1, .context = -1};
    int parent = -1;
    snprintf(box->path, sizeof box->path, "%s/%s", work->path, name);
    /* Of all users only the slot's may pass: other slots' programs shall not even look. */
    bool made = mkdirat(work->folder, name, 0710) == 0 && (parent = folder_at(work->folder, name)) >= 0 &&
                fchown(parent, (uid_t)-1, uid) == 0 && fchmod(parent, 0710) == 0 &&
                mkdirat(parent, "box", 0755) == 0 && fchmodat(parent, "box", 01777, 0) == 0 &&
                mkdirat(parent, "tmp", 0755) == 0 && fchmodat(parent, "tmp", 01777, 0) == 0 &&
                (box->folder = folder_at(parent, "box")) >= 0;
    if (!made)
        fault_set(fault, "make the box %s: %s", box->path, strerror(errno));
    if (parent >= 0)
        close(parent);
    return made ? 0 : -1;
}

void work_box_remove(const struct work_folder *work, struct box *box)
{
    tree_remove(work->folder, strrchr(box->path, '/') + 1);
    box->path[0] = 0;
}

/* ---- counting ------------------------------------------------------------------------------------------------ */

static void count_below(int folder, unsigned depth, uint64_t max_inodes, uint64_t *bytes, uint64_t *inodes)
{
    DIR *stream = folder_stream(folder);
    const struct dirent *entry;
    while (stream && *inodes < max_inodes && (entry = next_entry(stream))) {
        struct stat status;
        if (fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        ++*inodes;
        *bytes += S_ISREG(status.st_mode) ? (uint64_t)status.st_blocks * 512 : 0;
        if (S_ISDIR(status.st_mode) && depth == COUNT_DEPTH)
            *inodes = max_inodes; /* what lies deeper is not counted, so nothing may */
        int below = S_ISDIR(status.st_mode) && depth < COUNT_DEPTH ? folder_at(folder, entry->d_name) : -1;
        if (below >= 0) {
            count_below(below, depth + 1, max_inodes, bytes, inodes);
            close(below);
        }
    }
    if (stream)
        closedir(stream);
}

void work_count(int folder, uint64_t max_inodes, uint64_t *bytes, uint64_t *inodes)
{
    *bytes = 0;
    *inodes = 1;
    if (folder >= 0)
        count_below(folder, 0, max_inodes, bytes, inodes);
}
