/* The findings of host.c, for a person or a program. */
#include "safeexec.h"

#include <stdlib.h>
#include <unistd.h>

struct description {
    const char *name, *loss, *remedy;
};

#define SYS_ADMIN "run as root with CAP_SYS_ADMIN (Docker: cap_add: [SYS_ADMIN]), or allow user namespaces"
#define CGROUP "mount the cgroup hierarchy read-write (Docker: volumes: [/sys/fs/cgroup:/sys/fs/cgroup:rw]) or delegate a subtree"
#define CGROUP_V2 "boot with cgroup v2 (systemd.unified_cgroup_hierarchy=1)"

static const struct description descriptions[MECHANISMS] = {
    [MECHANISM_USERS] = {"users", "programs run as the service's own user",
                         "run as root with CAP_SETUID, CAP_SETGID and CAP_KILL"},
    [MECHANISM_PID] = {"pid namespace", "programs see and may outlive each other's processes", SYS_ADMIN},
    [MECHANISM_IPC] = {"ipc namespace", "System V and POSIX message queues are refused", SYS_ADMIN},
    [MECHANISM_MOUNT] = {"mount namespace", "nothing can be mounted", SYS_ADMIN},
    [MECHANISM_NET] = {"network namespace", "only the filter of system calls keeps programs off the network", SYS_ADMIN},
    [MECHANISM_UTS] = {"uts namespace", "programs read the host's name", SYS_ADMIN},
    [MECHANISM_CGROUP_NS] = {"cgroup namespace", "programs read the path of their cgroup", SYS_ADMIN},
    [MECHANISM_MOUNTS] = {"mounts", "programs see the names of the host's files; boxes lie on a disk, bounded by polling",
                          "allow mount (Docker's AppArmor profile denies it: security_opt: [apparmor=unconfined])"},
    [MECHANISM_PROC] = {"own /proc", "programs have no /proc, which some runtimes want",
                        "unmask /proc (Docker: security_opt: [systempaths=unconfined])"},
    [MECHANISM_MEMORY] = {"memory limit", "memory is polled, and shared memory counted twice", CGROUP},
    [MECHANISM_PIDS] = {"process limit", "processes are counted by user", CGROUP},
    [MECHANISM_CPU] = {"cpu accounting", "CPU time of processes nobody waits for is lost", CGROUP},
    [MECHANISM_PEAK] = {"memory peak", "the peak of memory is polled", "Linux 5.19 or newer"},
    [MECHANISM_BORN] = {"birth in the cgroup", "each run's first process is moved, which takes 11 ms", "Linux 5.7, and clone3 allowed"},
    [MECHANISM_CGROUP_KILL] = {"cgroup kill", "leftovers are killed one by one", CGROUP_V2},
    [MECHANISM_OOM_GROUP] = {"oom group", "out of memory, one process dies first and the rest a moment later", CGROUP_V2},
    [MECHANISM_LANDLOCK] = {"landlock", "no second wall around files; without mounts, none",
                            "Linux 5.13 with landlock among lsm= (Debian 12 has it)"},
    [MECHANISM_SECCOMP] = {"seccomp", "nothing can be run safely", "a kernel with CONFIG_SECCOMP_FILTER"},
    [MECHANISM_CALLS] = {"forbidden calls named", "reports do not say which call was forbidden",
                         "Linux 5.5, and no filter of a container's engine (Docker: security_opt: [seccomp=unconfined])"},
};

static const char *const level_meanings[] = {
    [LEVEL_NONE] = "nothing can be run safely here",
    [LEVEL_RESTRICTED] = "users, Landlock, seccomp and limits; no namespaces",
    [LEVEL_USER] = "namespaces and mounts of an ordinary user",
    [LEVEL_NAMESPACES] = "namespaces, without mounts or without cgroups",
    [LEVEL_FULL] = "namespaces, mounts and cgroups",
};

static void print_text(const struct host *host)
{
    bool colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    const char *good = colour ? "\033[32m" : "", *bad = colour ? "\033[31m" : "", *plain = colour ? "\033[0m" : "";
    printf("safeexec %s: isolation level %s (%s)\n\n", SAFEEXEC_VERSION, level_name(host->level),
           level_meanings[host->level]);
    for (unsigned i = 0; i < MECHANISMS; i++) {
        const struct finding *finding = &host->found[i];
        printf("%s%-3s%s %-22s %s\n", finding->works ? good : bad, finding->works ? "yes" : "no", plain,
               descriptions[i].name, finding->text);
        if (!finding->works)
            printf("    %-22s lost:   %s\n    %-22s remedy: %s\n", "", descriptions[i].loss, "", descriptions[i].remedy);
    }
}

/* Our texts need no escaping; findings may quote a path. */
static void print_string(const char *text)
{
    putchar('"');
    for (; *text; text++)
        if (*text == '"' || *text == '\\' || (unsigned char)*text < 0x20)
            printf("\\u%04x", (unsigned)(unsigned char)*text);
        else
            putchar(*text);
    putchar('"');
}

static void print_member(const char *key, const char *value)
{
    printf(", \"%s\": ", key);
    print_string(value);
}

static void print_json(const struct host *host)
{
    printf("{\"version\": \"%s\", \"level\": \"%s\", \"mechanisms\": [", SAFEEXEC_VERSION, level_name(host->level));
    for (unsigned i = 0; i < MECHANISMS; i++) {
        printf("%s\n  {\"works\": %s", i ? "," : "", host->found[i].works ? "true" : "false");
        print_member("name", descriptions[i].name);
        print_member("found", host->found[i].text);
        if (!host->found[i].works) {
            print_member("loss", descriptions[i].loss);
            print_member("remedy", descriptions[i].remedy);
        }
        putchar('}');
    }
    printf("\n]}\n");
}

void host_require(const struct host *host, enum level required)
{
    if (host->level == LEVEL_NONE)
        die("this host allows no isolation at all; safeexec --check tells why and what to do");
    if (host->level < required)
        die("--require %s: this host allows only level %s; safeexec --check tells why and what to do",
            level_name(required), level_name(host->level));
}

int check_main(const struct options *options)
{
    struct host host;
    host_probe(&host, options->at_most);
    if (options->json)
        print_json(&host);
    else
        print_text(&host);
    return host.level == LEVEL_NONE || host.level < options->require;
}
