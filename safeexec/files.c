/* The box of a run. It is filled by the slot, before there is a program to race with, so that what we give
 * the program is not charged to its memory limit. */
#include "safeexec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { GIVEN_MAX_BYTES = 1 << 30, INODES = 16384 };
/* Rounding up to pages, folders: room that is nobody's output. */
enum { SLACK_BYTES = 4 << 20, PAGE_BYTES = 4096 };

/* ---- the tmpfs (stub) ------------------------------------------------------------------------------------ */

static int folder_make(int parent, const char *name, mode_t mode, struct fault *fault)
{
    /* mkdir obeys the umask, chmod does not. */
    if (mkdirat(parent, name, 0755) < 0 || fchmodat(parent, name, mode, 0) < 0)
        return fault_set(fault, "mkdir %s: %s", name, strerror(errno));
    return 0;
}

static int size_set(int context, const char *key, uint64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    return fsconfig(context, FSCONFIG_SET_STRING, key, text, 0);
}

int box_mount_make(struct box *box, struct fault *fault)
{
    int mount = -1;
    box->context = fsopen("tmpfs", FSOPEN_CLOEXEC);
    if (box->context < 0)
        return fault_set(fault, "fsopen tmpfs: %s", strerror(errno));
    /* Large folios where they fit: to fill the box takes a quarter of the time. Not every kernel has them. */
    fsconfig(box->context, FSCONFIG_SET_STRING, "huge", "within_size", 0);
    if (size_set(box->context, "size", GIVEN_MAX_BYTES) < 0 || size_set(box->context, "nr_inodes", INODES) < 0 ||
        fsconfig(box->context, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
        fsconfig(box->context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0 ||
        (mount = fsmount(box->context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)) < 0)
        return fault_set(fault, "tmpfs for the box: %s", strerror(errno));
    /* Sticky: the program may make files beside ours, but neither rename nor remove ours. */
    if (folder_make(mount, "box", 01777, fault) < 0 || folder_make(mount, "tmp", 01777, fault) < 0)
        return -1;
    box->folder = openat(mount, "box", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return box->folder < 0 ? fault_set(fault, "open the box: %s", strerror(errno)) : mount;
}

/* ---- filling it (slot) ------------------------------------------------------------------------------------ */

/* The size first: so the kernel knows how large a folio fits. */
static int content_send(int target, int source, off_t size)
{
    off_t sent = 0;
    if (ftruncate(target, size) < 0)
        return -1;
    while (sent < size) {
        ssize_t step = sendfile(target, source, &sent, (size_t)(size - sent));
        if (step == 0)
            errno = EIO; /* it shrank meanwhile */
        if (step <= 0)
            return -1;
    }
    return 0;
}

static int content_copy(struct box *box, int target, int source, const char *path, struct fault *fault)
{
    struct stat status;
    if (fstat(source, &status) < 0 || !S_ISREG(status.st_mode))
        return fault_set(fault, "file %s: its descriptor is no regular file", path);
    uint64_t size = (uint64_t)status.st_size;
    box->given_bytes += (size + 4095) & ~4095ull;
    if (box->given_bytes > GIVEN_MAX_BYTES)
        return fault_set(fault, "file %s: more than %d bytes of files", path, GIVEN_MAX_BYTES);
    if (content_send(target, source, status.st_size) < 0)
        return fault_set(fault, "file %s: %s", path, strerror(errno));
    return 0;
}

static int parents_make(struct box *box, const char *path, struct fault *fault)
{
    char parent[2048];
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(parent, sizeof parent, "%.*s", (int)(slash - path), path);
        struct stat status;
        if (fstatat(box->folder, parent, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode))
            continue;
        /* World-writable like the box itself: a program may put files beside what it was given. */
        if (folder_make(box->folder, parent, 01777, fault) < 0)
            return -1;
        box->given_inodes++;
    }
    return 0;
}

static int file_put(struct box *box, const struct request_file *file, int source, struct fault *fault)
{
    if (parents_make(box, file->path, fault) < 0)
        return -1;
    int target = openat(box->folder, file->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (target < 0)
        return fault_set(fault, "file %s: %s", file->path, strerror(errno));
    box->given_inodes++;
    int result = content_copy(box, target, source, file->path, fault);
    if (result == 0 && fchmod(target, file->mode) < 0)
        result = fault_set(fault, "file %s: %s", file->path, strerror(errno));
    close(target);
    return result;
}

static int output_bound(const struct box *box, const struct limits *limits, struct fault *fault)
{
    if (box->context < 0)
        return 0;
    uint64_t bytes = box->given_bytes + limits->output_kib * 1024 + SLACK_BYTES;
    /* A program's sparse file would be charged by whole folios. */
    fsconfig(box->context, FSCONFIG_SET_STRING, "huge", "never", 0);
    if (size_set(box->context, "size", bytes) < 0 || fsconfig(box->context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0)
        return fault_set(fault, "the size of the box: %s", strerror(errno));
    return 0;
}

int box_fill(struct box *box, const struct request *request, const int *files, uid_t owner, struct fault *fault)
{
    int result = 0;
    /* A user namespace's tmpfs knows no other users than the namespace does: root is none of them. */
    setfsgid(owner);
    setfsuid(owner);
    for (size_t i = 0; result == 0 && i < request->filec; i++)
        result = file_put(box, &request->files[i], files[i], fault);
    setfsuid(geteuid());
    setfsgid(getegid());
    return result < 0 ? -1 : output_bound(box, &request->limits, fault);
}

/* ---- what the program left there ---------------------------------------------------------------------------- */

static uint64_t above(uint64_t all, uint64_t given) { return all > given ? all - given : 0; }

struct box_usage box_usage(const struct box *box, const struct limits *limits)
{
    struct box_usage usage = {0};
    uint64_t limit = limits->output_kib * 1024;
    if (box->path[0]) {
        int parent = open(box->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        work_count(parent, INODES, &usage.bytes, &usage.inodes);
        if (parent >= 0)
            close(parent);
    } else {
        struct statfs status;
        if (fstatfs(box->folder, &status) < 0)
            return usage;
        usage.bytes = (uint64_t)(status.f_blocks - status.f_bfree) * (uint64_t)status.f_bsize;
        usage.inodes = (uint64_t)(status.f_files - status.f_ffree);
    }
    usage.inodes_are_full = usage.inodes >= INODES;
    usage.bytes = above(usage.bytes, box->given_bytes);
    usage.inodes = above(usage.inodes, box->given_inodes + 3); /* the root, box and tmp */
    /* Each file is rounded up to a page, which is none of the program's output. */
    usage.is_full = limit && usage.bytes + PAGE_BYTES >= limit + usage.inodes * (PAGE_BYTES - 1);
    usage.is_over = limit && usage.bytes >= limit + SLACK_BYTES;
    return usage;
}

void box_close(struct box *box)
{
    if (box->folder >= 0)
        close(box->folder);
    if (box->context >= 0)
        close(box->context);
    *box = (struct box){.folder = -1, .context = -1};
}
