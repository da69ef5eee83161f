/* The run's tmpfs. It is filled while it is mounted nowhere, so that nobody can race with us, and by
 * the slot, so that what we give the program is not charged to its memory limit. */
#include "safeexec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { GIVEN_MAX_BYTES = 1 << 30, INODES = 16384 };
/* Rounding up to pages, folders: room that is nobody's output. */
enum { SLACK_BYTES = 4 << 20 };

static int tmpfs_make(uint64_t bytes, struct fault *fault)
{
    char size[32], inodes[32];
    snprintf(size, sizeof size, "%llu", (unsigned long long)bytes);
    snprintf(inodes, sizeof inodes, "%d", INODES);
    int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
    if (fs < 0)
        return fault_set(fault, "fsopen tmpfs: %s", strerror(errno));
    int mount = -1;
    if (fsconfig(fs, FSCONFIG_SET_STRING, "size", size, 0) < 0 ||
        fsconfig(fs, FSCONFIG_SET_STRING, "nr_inodes", inodes, 0) < 0 ||
        fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
        fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0 ||
        (mount = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)) < 0)
        fault_set(fault, "tmpfs for the box: %s", strerror(errno));
    close(fs);
    return mount;
}

static int folder_make(int parent, const char *name, mode_t mode, struct fault *fault)
{
    /* mkdir obeys the umask, chmod does not. */
    if (mkdirat(parent, name, 0755) < 0 || fchmodat(parent, name, mode, 0) < 0)
        return fault_set(fault, "mkdir %s: %s", name, strerror(errno));
    return 0;
}

static int copy_content(int target, int source, const char *path, uint64_t *total, struct fault *fault)
{
    struct stat status;
    if (fstat(source, &status) < 0 || !S_ISREG(status.st_mode))
        return fault_set(fault, "file %s: its descriptor is no regular file", path);
    *total += (uint64_t)status.st_size;
    if (*total > GIVEN_MAX_BYTES)
        return fault_set(fault, "file %s: more than %d bytes of files", path, GIVEN_MAX_BYTES);
    off_t offset = 0;
    while (offset < status.st_size) {
        ssize_t copied = sendfile(target, source, &offset, (size_t)(status.st_size - offset));
        if (copied <= 0)
            return fault_set(fault, "file %s: %s", path, copied < 0 ? strerror(errno) : "it shrank");
    }
    return 0;
}

static int parents_make(int folder, const char *path, struct fault *fault)
{
    char parent[2048];
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(parent, sizeof parent, "%.*s", (int)(slash - path), path);
        struct stat status;
        if (fstatat(folder, parent, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode))
            continue;
        /* World-writable like the box itself: a program may put files beside what it was given. */
        if (folder_make(folder, parent, 01777, fault) < 0)
            return -1;
    }
    return 0;
}

static int file_put(struct box *box, int folder, const struct request_file *file, int source,
                    struct fault *fault)
{
    if (parents_make(folder, file->path, fault) < 0)
        return -1;
    int target = openat(folder, file->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (target < 0)
        return fault_set(fault, "file %s: %s", file->path, strerror(errno));
    int result = copy_content(target, source, file->path, &box->given_bytes, fault);
    if (result == 0 && fchmod(target, file->executable ? 0555 : 0444) < 0)
        result = fault_set(fault, "file %s: %s", file->path, strerror(errno));
    close(target);
    return result;
}

static uint64_t files_bytes(const int *files, size_t count)
{
    uint64_t bytes = 0;
    struct stat status;
    for (size_t i = 0; i < count; i++)
        if (fstat(files[i], &status) == 0)
            bytes += ((uint64_t)status.st_size + 4095) & ~4095ull;
    return bytes;
}

int box_make(struct box *box, const struct request *request, const int *files, struct fault *fault)
{
    *box = (struct box){.mount = -1, .folder = -1};
    uint64_t size = files_bytes(files, request->filec) + request->limits.output_kib * 1024 + SLACK_BYTES;
    box->mount = tmpfs_make(size, fault);
    if (box->mount < 0)
        return -1;
    /* Sticky: the program may make files beside ours, but neither rename nor remove ours. */
    if (folder_make(box->mount, "box", 01777, fault) < 0 || folder_make(box->mount, "tmp", 01777, fault) < 0)
        return -1;
    box->folder = openat(box->mount, "box", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (box->folder < 0)
        return fault_set(fault, "open box: %s", strerror(errno));
    for (size_t i = 0; i < request->filec; i++)
        if (file_put(box, box->folder, &request->files[i], files[i], fault) < 0)
            return -1;
    return 0;
}

uint64_t box_written_bytes(const struct box *box)
{
    struct statfs status;
    if (fstatfs(box->folder, &status) < 0)
        return 0;
    uint64_t used = (uint64_t)(status.f_blocks - status.f_bfree) * (uint64_t)status.f_bsize;
    return used > box->given_bytes ? used - box->given_bytes : 0;
}

void box_close(struct box *box)
{
    if (box->folder >= 0)
        close(box->folder);
    if (box->mount >= 0)
        close(box->mount);
    box->folder = box->mount = -1;
}
