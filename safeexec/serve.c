/* The service: the listening socket, and the slots that accept from it. */
#include "safeexec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BACKLOG = 128, STOP_GRACE_S = 10 };

struct service {
    const struct options *options;
    struct host host;
    struct cgroup_tree tree; /* of version 0: none */
    struct work_folder work;
    unsigned lives; /* of slots that were started: each has a name of its own */
    struct user users[256];
    int listener;
    int ready[2]; /* each slot writes a byte when it can take runs */
    pid_t slots[256];
};

/* ---- the socket ------------------------------------------------------------------------------------------- */

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        die("--serve %s: the path of the socket is too long: at most %zu bytes", path,
            sizeof address.sun_path - sizeof ".4194304");
    strcpy(address.sun_path, path);
    return address;
}

static void refuse_if_served(const char *path)
{
    const struct sockaddr_un address = address_of(path);
    int probe = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* EAGAIN: somebody listens, and is busy. */
    if (connect(probe, (const struct sockaddr *)&address, sizeof address) == 0 || errno == EAGAIN)
        die("--serve %s: another safeexec serves it", path);
    close(probe);
}

/* Listens under a name of its own; it gets the right name only when the slots are ready. */
static int listener_open(const struct options *options, const char *temporary)
{
    const struct sockaddr_un address = address_of(temporary);
    int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    unlink(temporary);
    mode_t mask = umask(0177);
    if (listener < 0 || bind(listener, (const struct sockaddr *)&address, sizeof address) < 0 ||
        chown(temporary, options->owner, (gid_t)-1) < 0 || listen(listener, BACKLOG) < 0)
        die("--serve %s: %s", options->socket_path, strerror(errno));
    umask(mask);
    return listener;
}

/* ---- the slots -------------------------------------------------------------------------------------------- */

/* From a place of its own in the range: the containers that share a kernel do not see each other's locks. */
static void slot_user_take(struct service *service, unsigned index)
{
    struct fault fault = {""};
    uid_t first;
    if (getrandom(&first, sizeof first, 0) != sizeof first)
        die("getrandom: %s", strerror(errno));
    if (user_take(&service->users[index], service->options, first, &fault) < 0)
        die("%s", fault.text);
}

static _Noreturn void slot_live(const struct service *service, unsigned index)
{
    const struct options *options = service->options;
    char name[32];
    snprintf(name, sizeof name, "slot-%u-%u", index, service->lives);
    struct slot_context slot = {
        .host = &service->host,
        .tree = &service->tree,
        .work = &service->work,
        .uid = service->users[index].uid,
        .cpu = options->cpu_count ? (int)options->cpus[index % options->cpu_count] : -1,
        .name = name,
        .box = {.folder = -1, .context = -1},
        .plan = {.shown = {{.mount = -1}, {.mount = -1}}},
    };
    slot_serve(options, &slot, index, service->listener, service->ready[1]);
}

static void slot_spawn(struct service *service, unsigned index)
{
    service->lives++;
    pid_t pid = fork();
    if (pid == 0)
        slot_live(service, index);
    if (pid < 0)
        warn("slot %u: fork: %s", index, strerror(errno));
    service->slots[index] = pid;
}

/* Returns the index of the slot that has ended, or -1. */
static int slot_reap(struct service *service, int *status)
{
    pid_t pid = waitpid(-1, status, WNOHANG);
    for (unsigned i = 0; pid > 0 && i < service->options->slots; i++)
        if (service->slots[i] == pid) {
            service->slots[i] = 0;
            return (int)i;
        }
    return -1;
}

static bool slots_start(struct service *service)
{
    for (unsigned i = 0; i < service->options->slots; i++) {
        slot_user_take(service, i);
        slot_spawn(service, i);
    }
    for (unsigned ready = 0; ready < service->options->slots;) {
        char bytes[16];
        int status;
        ssize_t count = read(service->ready[0], bytes, sizeof bytes);
        if (count > 0)
            ready += (unsigned)count;
        else if (slot_reap(service, &status) >= 0)
            return false; /* it has said why */
        else
            nanosleep(&(struct timespec){.tv_nsec = NS_PER_MS}, NULL);
    }
    return true;
}

static void slots_stop(struct service *service)
{
    uint64_t deadline = clock_monotonic_ns() + STOP_GRACE_S * (uint64_t)NS_PER_S;
    for (unsigned i = 0; i < service->options->slots; i++)
        if (service->slots[i] > 0)
            kill(service->slots[i], SIGTERM);
    for (unsigned i = 0; i < service->options->slots; i++) {
        while (service->slots[i] > 0 && waitpid(service->slots[i], NULL, WNOHANG) == 0) {
            if (clock_monotonic_ns() > deadline)
                kill(service->slots[i], SIGKILL);
            nanosleep(&(struct timespec){.tv_nsec = 2 * NS_PER_MS}, NULL);
        }
    }
}

/* ---- the service ------------------------------------------------------------------------------------------- */

/* Blocked in all of the service; a slot makes its own choice. */
static sigset_t signals_block(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return set;
}

static void slots_mind(struct service *service, const sigset_t *signals)
{
    for (;;) {
        int status, index, number = sigwaitinfo(signals, NULL);
        if (number == SIGTERM || number == SIGINT || number == SIGHUP)
            return;
        while ((index = slot_reap(service, &status)) >= 0) {
            bool given_up = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_QUARANTINED;
            warn(given_up ? "slot %d is quarantined: a process of its last run cannot be ended; another takes its place"
                          : "slot %d has ended and is started anew", index);
            /* Something of it may still run as its user, whose lock we keep: nobody gets that user again. */
            if (given_up)
                slot_user_take(service, (unsigned)index);
            /* A slot that cannot start must not eat the machine. */
            nanosleep(&(struct timespec){.tv_nsec = 100 * NS_PER_MS}, NULL);
            slot_spawn(service, (unsigned)index);
        }
    }
}

int serve_main(const struct options *options)
{
    static struct service service = {.work = {.folder = -1}};
    service.options = options;
    struct fault fault = {""};
    char temporary[sizeof ((struct sockaddr_un *)0)->sun_path];
    refuse_if_served(options->socket_path);
    const sigset_t signals = signals_block();
    if ((size_t)snprintf(temporary, sizeof temporary, "%s.%d", options->socket_path, (int)getpid()) >= sizeof temporary)
        die("--serve %s: the path of the socket is too long: at most %zu bytes", options->socket_path,
            sizeof temporary - sizeof ".4194304");
    host_probe(&service.host, options->at_most);
    host_require(&service.host, options->require);
    if (host_has(&service.host, MECHANISM_MEMORY) && cgroup_tree_open(&service.tree, &fault) < 0)
        die("%s", fault.text);
    if (!host_has(&service.host, MECHANISM_MOUNTS) && work_open(&service.work, options->work_dir, &fault) < 0)
        die("%s", fault.text);
    service.listener = listener_open(options, temporary);
    if (pipe2(service.ready, O_CLOEXEC | O_NONBLOCK) < 0)
        die("pipe: %s", strerror(errno));
    bool started = slots_start(&service);
    if (started && rename(temporary, options->socket_path) < 0)
        warn("--serve %s: %s", options->socket_path, strerror(errno));
    else if (started) {
        warn("ready: %u slots on %s, isolation %s", options->slots, options->socket_path, level_name(service.host.level));
        slots_mind(&service, &signals);
    }
    unlink(started ? options->socket_path : temporary);
    slots_stop(&service);
    cgroup_tree_remove(&service.tree);
    work_remove(&service.work);
    return started ? 0 : 1;
}
