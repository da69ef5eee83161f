/* A run from the inside: the stub (pid 1), and the program until it is executed. */
#include "safeexec.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the program -------------------------------------------------------------------------------------- */

static _Noreturn void program_fail(struct ledger *ledger, const char *what)
{
    fault_set(&ledger->fault, "%s: %s", what, strerror(errno));
    _exit(1);
}

static void limit_set(struct ledger *ledger, __rlimit_resource_t resource, rlim_t soft, rlim_t hard, const char *name)
{
    /* Hard limits of ours may be lower already, and raising them takes CAP_SYS_RESOURCE. */
    struct rlimit now, wanted = {soft, hard};
    if (getrlimit(resource, &now) == 0 && now.rlim_max < wanted.rlim_max)
        wanted.rlim_max = now.rlim_max;
    if (wanted.rlim_cur > wanted.rlim_max)
        wanted.rlim_cur = wanted.rlim_max;
    if (setrlimit(resource, &wanted) < 0)
        program_fail(ledger, name);
}

static void limits_set(struct ledger *ledger, const struct limits *limits)
{
    rlim_t cpu_s = limits->cpu_ms / 1000 + 2; /* a back-stop: the slot's clock is finer and comes first */
    rlim_t space = limits->space_kib ? limits->space_kib * 1024 : RLIM_INFINITY;
    /* A host that pipes its cores to a program (core(5)) does so even at 0; only 1 stops that too. */
    rlim_t core = limits->core_kib ? limits->core_kib * 1024 : 1;
    limit_set(ledger, RLIMIT_CPU, cpu_s, cpu_s + 1, "RLIMIT_CPU");
    limit_set(ledger, RLIMIT_STACK, limits->stack_kib * 1024, limits->stack_kib * 1024, "RLIMIT_STACK");
    limit_set(ledger, RLIMIT_FSIZE, limits->output_kib * 1024, limits->output_kib * 1024, "RLIMIT_FSIZE");
    limit_set(ledger, RLIMIT_CORE, core, core, "RLIMIT_CORE");
    limit_set(ledger, RLIMIT_NOFILE, limits->open_files, limits->open_files, "RLIMIT_NOFILE");
    limit_set(ledger, RLIMIT_AS, space, space, "RLIMIT_AS");
    limit_set(ledger, RLIMIT_MEMLOCK, 65536, 65536, "RLIMIT_MEMLOCK");
    limit_set(ledger, RLIMIT_MSGQUEUE, 0, 0, "RLIMIT_MSGQUEUE");
    limit_set(ledger, RLIMIT_SIGPENDING, 1024, 1024, "RLIMIT_SIGPENDING");
}

static void stdio_set(struct ledger *ledger, const int fds[3])
{
    /* What we were sent lies above 2, which the service has kept open since its start. */
    for (int i = 0; i < 3; i++)
        if (dup2(fds[i], i) < 0)
            program_fail(ledger, "dup2");
    if (close_range(3, ~0u, 0) < 0)
        program_fail(ledger, "close_range");
}

/* The OOM killer shall take the program and none of us: raising the score is always allowed. */
static void victim_volunteer(void)
{
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file >= 0) {
        ssize_t ignored = write(file, "1000", 4);
        (void)ignored;
        close(file);
    }
}

static void identity_drop(struct ledger *ledger, uid_t uid)
{
    /* Groups before ids: after setresuid() we may no longer drop them. Leaving uid 0 for good also
     * clears the permitted and effective capabilities (capabilities(7)). */
    if (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
        program_fail(ledger, "change the user");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        program_fail(ledger, "no_new_privs");
}

static _Noreturn void program_exec(const struct slot_context *slot, const struct order *order,
                                   struct request *request, const int fds[3])
{
    struct ledger *ledger = slot->ledger;
    sigset_t none;
    for (int number = 1; number < 32; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    victim_volunteer();
    setsid();
    stdio_set(ledger, fds);
    limits_set(ledger, &order->limits);
    identity_drop(ledger, slot->uid);
    if (seccomp_install() < 0)
        program_fail(ledger, "seccomp");
    ledger->setup_cpu_ns = clock_process_cpu_ns();
    ledger->exec_ns = clock_monotonic_ns();
    execve(request->argv[0], request->argv, request->env);
    ledger->unexecutable = true;
    program_fail(ledger, "execute the program");
}

/* ---- the stub ------------------------------------------------------------------------------------------- */

static void everything_kill(int number)
{
    (void)number;
    kill(-1, SIGKILL); /* all of this PID namespace but ourselves */
}

static _Noreturn void stub_fail(struct ledger *ledger, const char *what)
{
    fault_set(&ledger->fault, "%s: %s", what, strerror(errno));
    _exit(1);
}

/* Waits for the program, then ends and reaps whatever it has left behind. */
static void program_wait(struct ledger *ledger, pid_t program)
{
    int status;
    pid_t ended;
    while ((ended = wait4(-1, &status, __WALL, NULL)) != program)
        if (ended < 0 && errno != EINTR)
            return;
    ledger->end_ns = clock_monotonic_ns();
    ledger->wait_status = status;
    kill(-1, SIGKILL);
    while ((ended = wait4(-1, NULL, __WALL, NULL)) > 0 || errno == EINTR)
        if (ended < 0)
            kill(-1, SIGKILL);
    ledger->finished = true;
}

static void stub_descriptors_close(const int fds[4])
{
    /* An interactive peer must see the end of a pipe when the program closes it, not later. */
    for (int i = 0; i < 4; i++)
        close(fds[i]);
}

void child_stub(const struct slot_context *slot, const struct order *order, struct request *request,
                const int fds[4])
{
    struct ledger *ledger = slot->ledger;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, "safeexec-stub");
    signal(SIGCHLD, SIG_DFL);
    /* Blocked until the program is there, so that a kill cannot come too early. */
    sigaction(SIGTERM, &(const struct sigaction){.sa_handler = everything_kill}, NULL);
    if (rootfs_mount_run(&slot->plan, fds[3], &ledger->fault) < 0)
        _exit(1);
    ledger->memory_base = cgroup_leaf_arm(&slot->leaf, order->cache, order->limits.memory_kib * 1024);
    if (ledger->memory_base < 0)
        stub_fail(ledger, "set the memory limit");
    uint64_t own_ns = clock_process_cpu_ns();
    ledger->cpu_base_ns = cgroup_leaf_cpu_ns(&slot->leaf);
    pid_t program = fork();
    if (program == 0)
        program_exec(slot, order, request, fds);
    if (program < 0)
        stub_fail(ledger, "fork");
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    stub_descriptors_close(fds);
    program_wait(ledger, program);
    uint64_t all_ns = cgroup_leaf_cpu_ns(&slot->leaf) - ledger->cpu_base_ns;
    uint64_t ours_ns = clock_process_cpu_ns() - own_ns + ledger->setup_cpu_ns;
    ledger->cpu_ns = all_ns > ours_ns ? all_ns - ours_ns : 0;
    rootfs_unmount_run(&slot->plan);
    _exit(0);
}
