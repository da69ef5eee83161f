/* What a program sees of the file system. The root is a tmpfs, made once per slot, that shows the
 * toolchains of the host read-only; each run mounts its own /proc, /box and /tmp on it. */
#include "safeexec.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { READ_ONLY = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV };

/* Where the new root is built; it exists on every host. */
static const char building_site[] = "/tmp";

static int mount_attributes(int fd, const char *path, uint64_t set, bool recursive)
{
    struct mount_attr attributes = {.attr_set = set};
    unsigned flags = (recursive ? AT_RECURSIVE : 0u) | (*path ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH);
    return mount_setattr(fd, path, flags, &attributes, sizeof attributes);
}

static int folders_make(const char *path)
{
    char part[4096];
    if ((size_t)snprintf(part, sizeof part, "%s", path) >= sizeof part)
        return -1;
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(part, 0755);
        *slash = '/';
    }
    mkdir(part, 0755);
    struct stat status;
    return stat(part, &status) == 0 && S_ISDIR(status.st_mode) ? 0 : -1;
}

/* ---- building the root (zygote) ------------------------------------------------------------------ */

/* Shows `path` of the host at the same place below the site: a link is copied, a folder or file bound. */
static int show(const char *path, uint64_t attributes, struct fault *fault)
{
    char target[4200], link[4096];
    struct stat status;
    if (lstat(path, &status) < 0)
        return 0; /* this host has none */
    snprintf(target, sizeof target, "%s%s", building_site, path);
    if (S_ISLNK(status.st_mode)) {
        ssize_t length = readlink(path, link, sizeof link - 1);
        link[length < 0 ? 0 : length] = 0;
        if (length < 0 || symlink(link, target) < 0)
            return fault_set(fault, "link %s: %s", target, strerror(errno));
        return 0;
    }
    if (S_ISDIR(status.st_mode)) {
        if (folders_make(target) < 0)
            return fault_set(fault, "mkdir %s: %s", target, strerror(errno));
    } else {
        int file = open(target, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        if (file < 0)
            return fault_set(fault, "create %s: %s", target, strerror(errno));
        close(file);
    }
    if (mount(path, target, NULL, MS_BIND | MS_REC, NULL) < 0 ||
        mount_attributes(AT_FDCWD, target, attributes, true) < 0)
        return fault_set(fault, "bind %s: %s", path, strerror(errno));
    return 0;
}

/* Of /etc only what toolchains read. The host's users, hosts and keys are none of a program's business. */
static int show_etc(struct fault *fault)
{
    static const char *const patterns[] = {"/etc/alternatives", "/etc/ld.so.cache", "/etc/java*",
                                           "/etc/localtime", "/etc/timezone"};
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        glob_t found;
        if (glob(patterns[i], 0, NULL, &found) != 0)
            continue;
        for (size_t j = 0; j < found.gl_pathc; j++)
            if (show(found.gl_pathv[j], READ_ONLY, fault) < 0)
                return -1;
        globfree(&found);
    }
    return 0;
}

static int site_write(const char *path, const char *text, struct fault *fault)
{
    char target[256];
    snprintf(target, sizeof target, "%s%s", building_site, path);
    int file = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool written = file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text);
    if (file >= 0)
        close(file);
    return written ? 0 : fault_set(fault, "write %s: %s", target, strerror(errno));
}

static int site_link(const char *path, const char *to, struct fault *fault)
{
    char target[256];
    snprintf(target, sizeof target, "%s%s", building_site, path);
    return symlink(to, target) == 0 ? 0 : fault_set(fault, "link %s: %s", target, strerror(errno));
}

static int show_dev(struct fault *fault)
{
    static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"};
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
        if (show(devices[i], MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, fault) < 0)
            return -1;
    if (site_link("/dev/fd", "/proc/self/fd", fault) < 0 || site_link("/dev/stdin", "/proc/self/fd/0", fault) < 0 ||
        site_link("/dev/stdout", "/proc/self/fd/1", fault) < 0 ||
        site_link("/dev/stderr", "/proc/self/fd/2", fault) < 0)
        return -1;
    /* shm_open(3) wants it; so it counts and ends with the run. */
    return site_link("/dev/shm", "/tmp", fault);
}

static int minimal_root_build(const struct root_plan *plan, struct fault *fault)
{
    static const char *const toolchains[] = {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};
    static const char *const folders[] = {"/etc", "/dev", "/proc", "/box", "/tmp", "/run"};
    if (mount("safeexec", building_site, "tmpfs", MS_NOSUID, "size=1m,mode=0755") < 0)
        return fault_set(fault, "mount the root's tmpfs: %s", strerror(errno));
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char target[64];
        snprintf(target, sizeof target, "%s%s", building_site, folders[i]);
        if (mkdir(target, 0755) < 0)
            return fault_set(fault, "mkdir %s: %s", target, strerror(errno));
    }
    for (size_t i = 0; i < sizeof toolchains / sizeof *toolchains; i++)
        if (show(toolchains[i], READ_ONLY, fault) < 0)
            return -1;
    if (show_etc(fault) < 0 || show_dev(fault) < 0 ||
        site_write("/etc/passwd", "root:x:0:0::/:/usr/sbin/nologin\nbox:x:65534:65534::/box:/usr/sbin/nologin\n",
                   fault) < 0 ||
        site_write("/etc/group", "root:x:0:\nbox:x:65534:\n", fault) < 0)
        return -1;
    for (int i = 0; i < SHOWN_FOLDERS; i++) {
        char target[4200];
        if (!plan->shown[i].path)
            continue;
        snprintf(target, sizeof target, "%s%s", building_site, plan->shown[i].path);
        folders_make(target);
    }
    return 0;
}

/* pivot_root is refused in some containers; moving the mount over "/" and chroot is not, and with the
 * old root out of reach of every path it holds as well: nobody in here may mount or chroot. */
static int site_becomes_root(struct fault *fault)
{
    if (chdir(building_site) < 0 || mount(building_site, "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 ||
        chdir("/") < 0)
        return fault_set(fault, "change the root: %s", strerror(errno));
    return 0;
}

static int shown_open(struct shown_folder *shown, struct fault *fault)
{
    if (!shown->path)
        return 0;
    shown->mount = open_tree(AT_FDCWD, shown->path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (shown->writable ? 0 : MOUNT_ATTR_RDONLY);
    if (shown->mount < 0 || mount_attributes(shown->mount, "", attributes, true) < 0)
        return fault_set(fault, "show %s: %s", shown->path, strerror(errno));
    return 0;
}

static int chroot_bind(const char *dir, struct fault *fault)
{
    if (mount(dir, building_site, NULL, MS_BIND | MS_REC, NULL) < 0 ||
        mount_attributes(AT_FDCWD, building_site, MOUNT_ATTR_NOSUID, true) < 0)
        return fault_set(fault, "--chroot %s: %s", dir, strerror(errno));
    return site_becomes_root(fault);
}

int rootfs_enter(struct root_plan *plan, const struct host *host, struct fault *fault)
{
    if (!host_has(host, MECHANISM_MOUNTS)) {
        if (plan->chroot_dir && (chroot(plan->chroot_dir) < 0 || chdir("/") < 0))
            return fault_set(fault, "--chroot %s: %s", plan->chroot_dir, strerror(errno));
        return 0;
    }
    /* Nothing that we mount may show on the host. */
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return fault_set(fault, "make mounts private: %s", strerror(errno));
    if (plan->chroot_dir)
        return chroot_bind(plan->chroot_dir, fault);
    for (int i = 0; i < SHOWN_FOLDERS; i++)
        if (shown_open(&plan->shown[i], fault) < 0)
            return -1;
    if (minimal_root_build(plan, fault) < 0 || site_becomes_root(fault) < 0)
        return -1;
    /* Only the root itself: what is bound on it has its flags. */
    if (mount_attributes(AT_FDCWD, "/", MOUNT_ATTR_RDONLY, false) < 0)
        return fault_set(fault, "make the root read-only: %s", strerror(errno));
    return 0;
}

/* ---- mounting a run's own (stub) --------------------------------------------------------------------- */

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static int proc_mount(struct fault *fault)
{
    /* subset=pid hides the kernel's own files, hidepid=2 the stub: proc(5). */
    unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (mount("proc", "/proc", "proc", flags, "hidepid=2,subset=pid") < 0)
        return fault_set(fault, "mount /proc: %s", strerror(errno));
    return 0;
}

/* One tmpfs, so that one size bounds both folders: it is mounted on /tmp, its parts are bound to their
 * places, the one over it last. */
static int box_mount(int box, bool with_box, struct fault *fault)
{
    if (move_mount(box, "", AT_FDCWD, "/tmp", MOVE_MOUNT_F_EMPTY_PATH) < 0 ||
        (with_box && mount("/tmp/box", "/box", NULL, MS_BIND, NULL) < 0) ||
        mount("/tmp/tmp", "/tmp", NULL, MS_BIND, NULL) < 0)
        return fault_set(fault, "mount /box and /tmp: %s", strerror(errno));
    return 0;
}

static int shown_mount(const struct shown_folder *shown, struct fault *fault)
{
    /* It may lie below /tmp, which is new in each run. */
    folders_make(shown->path);
    if (move_mount(shown->mount, "", AT_FDCWD, shown->path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return fault_set(fault, "show %s: %s", shown->path, strerror(errno));
    return 0;
}

int rootfs_mount_run(const struct root_plan *plan, const struct host *host, int box, struct fault *fault)
{
    /* A root that the operator brought need not have all of these. */
    bool with_proc = host_has(host, MECHANISM_PROC) && (!plan->chroot_dir || is_folder("/proc"));
    if (with_proc && proc_mount(fault) < 0)
        return -1;
    if ((!plan->chroot_dir || is_folder("/tmp")) && box_mount(box, !plan->chroot_dir, fault) < 0)
        return -1;
    for (int i = 0; i < SHOWN_FOLDERS; i++)
        if (plan->shown[i].path && shown_mount(&plan->shown[i], fault) < 0)
            return -1;
    const char *work_dir = plan->work_dir ? plan->work_dir : "/box";
    if (chdir(work_dir) < 0)
        return fault_set(fault, "chdir %s: %s", work_dir, strerror(errno));
    return 0;
}

void rootfs_unmount_run(const struct root_plan *plan)
{
    if (chdir("/") < 0 || plan->chroot_dir)
        return;
    umount2("/tmp", MNT_DETACH);
    umount2("/tmp", MNT_DETACH);
    umount2("/box", MNT_DETACH);
}
