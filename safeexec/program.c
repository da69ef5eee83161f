/* From the stub's vfork to the program's first instruction. All of it runs in the memory of the stub, which
 * waits meanwhile: to copy its page tables would take longer than all that is done here. */
#include "safeexec.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void fail(struct ledger *ledger, const char *what)
{
    fault_set(&ledger->fault, "%s: %s", what, strerror(errno));
    _exit(1);
}

/* ---- limits ----------------------------------------------------------------------------------------------- */

static rlim_t hard_limits[RLIM_NLIMITS];

void program_limits_note(void)
{
    for (unsigned i = 0; i < RLIM_NLIMITS; i++) {
        struct rlimit now = {RLIM_INFINITY, RLIM_INFINITY};
        getrlimit((__rlimit_resource_t)i, &now);
        hard_limits[i] = now.rlim_max;
    }
}

static void limit_set(struct ledger *ledger, __rlimit_resource_t resource, rlim_t soft, rlim_t hard, const char *name)
{
    rlim_t most = hard_limits[resource];
    const struct rlimit wanted = {soft < most ? soft : most, hard < most ? hard : most};
    if (setrlimit(resource, &wanted) < 0)
        fail(ledger, name);
}

static void limits_set(const struct slot_context *slot, const struct limits *limits)
{
    struct ledger *ledger = slot->ledger;
    /* A back-stop far off: it goes by ticks, which on a busy machine tell up to a fifth more than was used. */
    rlim_t cpu_s = limits->cpu_ms / 1000 * 2 + 10;
    rlim_t stack = limits->stack_kib * 1024, file = limits->output_kib * 1024, open_files = limits->open_files;
    limit_set(ledger, RLIMIT_CPU, cpu_s, cpu_s + 1, "RLIMIT_CPU");
    limit_set(ledger, RLIMIT_STACK, stack, stack, "RLIMIT_STACK");
    limit_set(ledger, RLIMIT_FSIZE, file, file, "RLIMIT_FSIZE");
    limit_set(ledger, RLIMIT_NOFILE, open_files, open_files, "RLIMIT_NOFILE");
    limit_set(ledger, RLIMIT_MEMLOCK, 65536, 65536, "RLIMIT_MEMLOCK");
    limit_set(ledger, RLIMIT_MSGQUEUE, 0, 0, "RLIMIT_MSGQUEUE");
    limit_set(ledger, RLIMIT_RTPRIO, 0, 0, "RLIMIT_RTPRIO");
    limit_set(ledger, RLIMIT_NICE, 0, 0, "RLIMIT_NICE");
    limit_set(ledger, RLIMIT_SIGPENDING, 1024, 1024, "RLIMIT_SIGPENDING");
    if (limits->space_kib)
        limit_set(ledger, RLIMIT_AS, limits->space_kib * 1024, limits->space_kib * 1024, "RLIMIT_AS");
    if (host_has(slot->host, MECHANISM_PIDS))
        return;
    /* Counted by user; in a user namespace of ours stub and zygote are of the same. */
    rlim_t tasks = limits->processes + (slot->host->user_namespace ? 2 : 0);
    limit_set(ledger, RLIMIT_NPROC, tasks, tasks, "RLIMIT_NPROC");
}

/* ---- the rest ------------------------------------------------------------------------------------------------ */

static void stdio_set(struct ledger *ledger, const int stdio[3])
{
    /* What we were sent lies above 2, which the service has kept open since its start. */
    for (int i = 0; i < 3; i++)
        if (dup2(stdio[i], i) < 0)
            fail(ledger, "dup2");
    if (syscall(SYS_close_range, 3u, ~0u, 0) < 0)
        fail(ledger, "close_range");
}

static void user_become(const struct slot_context *slot)
{
    if (!host_has(slot->host, MECHANISM_USERS) || slot->host->user_namespace)
        return; /* it is the user already, and loses the namespace's capabilities at exec */
    /* Not the C library's: that would tell all threads. Leaving uid 0 for good also clears the permitted
     * and effective capabilities (capabilities(7)). */
    uid_t uid = slot->uid;
    if (syscall(SYS_setresgid, uid, uid, uid) < 0 || syscall(SYS_setresuid, uid, uid, uid) < 0)
        fail(slot->ledger, "change the user");
    /* Without a PID namespace nothing else ties the program to its stub. */
    if (!host_has(slot->host, MECHANISM_PID))
        prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static int program_main(void *context)
{
    const struct start *start = context;
    const struct slot_context *slot = start->slot;
    struct ledger *ledger = slot->ledger;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    if (landlock_enter(slot->host, &slot->plan, start->ruleset, start->stdio, &ledger->fault) < 0)
        _exit(1);
    stdio_set(ledger, start->stdio);
    limits_set(slot, &start->order->limits);
    user_become(slot);
    ledger->setup_cpu_ns = clock_cpu_ns(0);
    ledger->exec_ns = clock_monotonic_ns();
    execve(start->request->argv[0], start->request->argv, start->request->env);
    /* The rest are troubles of the host's; but EIO is also what a file in the box gets whose loader is too short. */
    bool of_host = errno == EAGAIN || errno == EMFILE || errno == ENFILE || (errno == EIO && start->request->argv[0][0] == '/');
    ledger->unexecutable = !of_host;
    fail(ledger, "execute the program");
}

static pid_t clone_waiting(int (*function)(void *), void *context)
{
    static char stack[32 * 1024] __attribute__((aligned(16)));
    return clone(function, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, context);
}

pid_t program_start(struct start *start) { return clone_waiting(program_main, start); }

static int nothing_main(void *context)
{
    (void)context;
    _exit(0);
}

void program_practise(void) { waitpid(clone_waiting(nothing_main, NULL), NULL, 0); }
