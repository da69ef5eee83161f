/* The seed's face: run one command, report on it, end. */
#include "safeexec.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

struct paths {
    char run_dir[PATH_MAX], command[2 * PATH_MAX + 2], command_dir[PATH_MAX];
};

/* ---- the request, as a client would have sent it ------------------------------------------------------------ */

struct packet {
    char bytes[REQUEST_MAX_BYTES];
    size_t size;
};

__attribute__((format(printf, 2, 3))) static void packet_add(struct packet *packet, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t room = sizeof packet->bytes - packet->size;
    int length = vsnprintf(packet->bytes + packet->size, room, format, arguments);
    va_end(arguments);
    if ((size_t)length + 1 > room)
        die("--exec: the command is longer than %d bytes", REQUEST_MAX_BYTES);
    packet->size += (size_t)length + 1;
}

static void packet_fill(struct packet *packet, const struct options *o, const struct paths *paths)
{
    packet_add(packet, "run");
    packet_add(packet, "cpu_ms=%llu", o->cpu_s * 1000ull);
    packet_add(packet, "wall_ms=%llu", o->clock_s * 1000ull);
    packet_add(packet, "memory_kib=%u", o->mem_kib);
    packet_add(packet, "stack_kib=%u", o->stack_kib);
    packet_add(packet, "output_kib=%u", o->fsize_kib);
    /* The seed's 0 allows no process beside the program itself, and so does 1. */
    packet_add(packet, "processes=%u", o->nproc ? o->nproc : 1);
    packet_add(packet, "arg=%s", paths->command);
    for (char **word = o->command + 1; *word; word++)
        packet_add(packet, "arg=%s", *word);
    /* Not the caller's: its secrets are none of the program's business. */
    packet_add(packet, "env=PATH=/usr/local/bin:/usr/bin:/bin");
    packet_add(packet, "env=HOME=/tmp");
    packet_add(packet, "env=LANG=C.UTF-8");
}

/* ---- what the program sees ---------------------------------------------------------------------------------- */

static void paths_find(struct paths *paths, const struct options *o)
{
    const char *wanted = o->run_dir ? o->run_dir : o->chroot_dir ? "/" : ".";
    if (o->chroot_dir)
        snprintf(paths->run_dir, sizeof paths->run_dir, "%s%s", wanted[0] == '/' ? "" : "/", wanted);
    else if (!realpath(wanted, paths->run_dir))
        die("--rundir %s: %s", wanted, strerror(errno));
    const char *command = o->command[0];
    if (command[0] == '/')
        snprintf(paths->command, sizeof paths->command, "%s", command);
    else
        snprintf(paths->command, sizeof paths->command, "%s/%s", paths->run_dir, command);
    if (o->chroot_dir)
        return;
    char found[PATH_MAX];
    if (!realpath(paths->command, found))
        die("--exec %s: %s", command, strerror(errno));
    snprintf(paths->command, sizeof paths->command, "%s", found);
    snprintf(paths->command_dir, sizeof paths->command_dir, "%.*s", (int)(strrchr(found, '/') - found), found);
}

static bool below(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && (path[length] == 0 || path[length] == '/');
}

/* The minimal root has these already; and to show "/" would be to show all. */
static bool in_root_already(const char *path)
{
    static const char *const places[] = {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc", "/dev", "/proc"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (below(path, places[i]))
            return true;
    return path[0] == 0 || strcmp(path, "/") == 0;
}

static struct root_plan plan_make(const struct options *o, const struct paths *paths)
{
    struct root_plan plan = {.chroot_dir = o->chroot_dir, .work_dir = paths->run_dir,
                             .shown = {{.mount = -1}, {.mount = -1}}};
    if (o->chroot_dir)
        return plan;
    if (!in_root_already(paths->run_dir))
        plan.shown[0] = (struct shown_folder){.path = paths->run_dir, .writable = true, .mount = -1};
    bool elsewhere = !in_root_already(paths->command_dir) &&
                     !(plan.shown[0].path && below(paths->command_dir, paths->run_dir));
    if (elsewhere)
        plan.shown[1] = (struct shown_folder){.path = paths->command_dir, .mount = -1};
    /* The outer one is mounted first, or it would cover the inner one. */
    if (elsewhere && below(paths->run_dir, paths->command_dir)) {
        const struct shown_folder inner = plan.shown[0];
        plan.shown[0] = plan.shown[1];
        plan.shown[1] = inner;
    }
    return plan;
}

/* ---- the run --------------------------------------------------------------------------------------------------- */

static int stop_signals_open(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

/* For writing, from its beginning. It may lie in a folder that an earlier program could write: what that program
 * planted there shall neither lead us elsewhere nor keep us waiting. */
static int file_open(const char *option, const char *path)
{
    struct stat status;
    int follow = strncmp(path, "/dev/", 5) == 0 ? 0 : O_NOFOLLOW; /* /dev/stderr is a link, and no program's */
    int file = open(path, O_WRONLY | O_CREAT | O_NOCTTY | O_NONBLOCK | O_CLOEXEC | follow, 0644);
    if (file < 0)
        die("%s %s: %s", option, path, errno == ELOOP ? "a symbolic link is not followed" : strerror(errno));
    bool regular = fstat(file, &status) == 0 && S_ISREG(status.st_mode);
    if (regular && status.st_nlink > 1)
        die("%s %s: the file has other names too", option, path);
    if ((regular && ftruncate(file, 0) < 0) || fcntl(file, F_SETFL, 0) < 0)
        die("%s %s: %s", option, path, strerror(errno));
    return file;
}

/* Where the report goes. */
struct usage_file {
    int file, folder;
    const char *path, *name; /* NULL: standard error */
};

static struct usage_file usage_open(const char *path)
{
    struct usage_file usage = {.path = path, .folder = -1};
    if (!path) {
        usage.file = dup(STDERR_FILENO);
        return usage;
    }
    char folder[PATH_MAX];
    usage.file = file_open("--usage", path);
    const char *slash = strrchr(path, '/');
    usage.name = slash ? slash + 1 : path;
    snprintf(folder, sizeof folder, "%.*s/", (int)(usage.name - path), path);
    usage.folder = open(slash ? folder : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return usage;
}

/* The program may have put another file in the place of ours: that one goes, whatever it says. */
static FILE *usage_stream(const struct usage_file *usage)
{
    struct stat ours, named;
    bool replaced = usage->path && fstat(usage->file, &ours) == 0 && S_ISREG(ours.st_mode) &&
                    (fstatat(usage->folder, usage->name, &named, AT_SYMLINK_NOFOLLOW) < 0 ||
                     named.st_ino != ours.st_ino || named.st_dev != ours.st_dev);
    if (!replaced)
        return fdopen(usage->file, "w");
    unlinkat(usage->folder, usage->name, 0);
    int file = openat(usage->folder, usage->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (file < 0)
        die("--usage %s: %s", usage->path, strerror(errno));
    return fdopen(file, "w");
}

/* What a run stands on, besides its slot. */
struct ground {
    struct host host;
    struct cgroup_tree tree;
    struct work_folder work;
};

static void ground_close(struct ground *ground, struct slot_context *slot)
{
    slot_close(slot);
    cgroup_tree_remove(&ground->tree);
    work_remove(&ground->work);
}

static int ground_open(struct ground *ground, struct slot_context *slot, const struct options *o, struct fault *fault)
{
    if (host_has(&ground->host, MECHANISM_MEMORY) && cgroup_tree_open(&ground->tree, fault) < 0)
        return -1;
    if (!host_has(&ground->host, MECHANISM_MOUNTS) && work_open(&ground->work, o->work_dir, fault) < 0)
        return -1;
    return slot_open(slot, fault);
}

/* To try everything takes longer than a run does. So root first takes it that all is allowed, and finds out. */
static int ground_find(struct ground *ground, struct slot_context *slot, const struct options *o, struct fault *fault)
{
    const struct slot_context untouched = *slot;
    struct fault guess_fault = {""};
    if (geteuid() == 0 && o->at_most == LEVEL_FULL) {
        host_guess(&ground->host);
        if (ground_open(ground, slot, o, &guess_fault) == 0)
            return 0;
        ground_close(ground, slot);
        *slot = untouched;
    }
    host_probe(&ground->host, o->at_most);
    host_require(&ground->host, o->require);
    return ground_open(ground, slot, o, fault);
}

static int run_once(const struct options *o, struct report *report, struct fault *fault)
{
    static struct packet packet;
    static char parsed[REQUEST_MAX_BYTES];
    static struct request request;
    static struct paths paths;
    static struct ground ground = {.work = {.folder = -1}};
    struct user user;
    paths_find(&paths, o);
    packet_fill(&packet, o, &paths);
    memcpy(parsed, packet.bytes, packet.size);
    if (request_parse(&request, parsed, packet.size, fault) < 0)
        return -1;
    struct slot_context slot = {
        .host = &ground.host, .tree = &ground.tree, .work = &ground.work, .name = "one",
        .plan = plan_make(o, &paths), .core_kib = o->core_kib, .cpu = o->cpu_count ? (int)o->cpus[0] : -1,
        .box = {.folder = -1, .context = -1},
    };
    struct run run = {.request = &request, .packet = packet.bytes, .packet_size = packet.size,
                      .stdio = {STDIN_FILENO, STDOUT_FILENO, file_open("--error", o->error_path)},
                      .limits = request.limits, .control = -1, .stop = stop_signals_open()};
    run.limits.space_kib = o->space_kib;
    if (user_take(&user, o, (uid_t)getpid(), fault) < 0)
        return -1;
    slot.uid = user.uid;
    int result = ground_find(&ground, &slot, o, fault);
    if (result == 0 && (result = slot_fill(&slot, &request, NULL, fault)) == 0)
        result = slot_run(&slot, &run, report, fault);
    ground_close(&ground, &slot);
    return result;
}

int oneshot_main(const struct options *options)
{
    struct report report = {0};
    struct fault fault = {""};
    const struct usage_file usage = usage_open(options->usage_path);
    int result = run_once(options, &report, &fault);
    FILE *stream = options->silent && !options->usage_path ? NULL : usage_stream(&usage);
    if (stream && result == 0)
        report_print_legacy(&report, stream);
    else if (stream)
        fprintf(stream, "Internal Error\nELAPSED_TIME: 0 s\nMEMORY_USED: 0 kB\nCPU_TIME: 0.000 s\n");
    if (stream)
        fclose(stream);
    if (result < 0)
        die("%s", fault.text);
    return 0;
}
