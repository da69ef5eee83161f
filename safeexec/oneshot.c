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

static int file_open(const char *option, const char *path)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0)
        die("%s %s: %s", option, path, strerror(errno));
    return file;
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
    uid_t range = o->max_uid - o->min_uid + 1;
    paths_find(&paths, o);
    packet_fill(&packet, o, &paths);
    memcpy(parsed, packet.bytes, packet.size);
    if (request_parse(&request, parsed, packet.size, fault) < 0)
        return -1;
    struct slot_context slot = {
        .host = &ground.host, .tree = &ground.tree, .work = &ground.work, .name = "one",
        .uid = o->min_uid + (uid_t)getpid() % range, .plan = plan_make(o, &paths),
        .cpu = o->cpu_count ? (int)o->cpus[0] : -1, .box = {.folder = -1, .context = -1},
    };
    struct run run = {.request = &request, .packet = packet.bytes, .packet_size = packet.size,
                      .stdio = {STDIN_FILENO, STDOUT_FILENO, file_open("--error", o->error_path)},
                      .limits = request.limits, .control = -1, .stop = stop_signals_open()};
    run.limits.space_kib = o->space_kib;
    run.limits.core_kib = o->core_kib;
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
    /* Opened before the run: it may be in a folder that the program can write. */
    int usage = options->usage_path ? file_open("--usage", options->usage_path) : dup(STDERR_FILENO);
    int result = run_once(options, &report, &fault);
    FILE *stream = options->silent && !options->usage_path ? NULL : fdopen(usage, "w");
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
