/* Which system calls a program may make: a list of what is refused, by four degrees.
 *
 *   KILL   no honest program does this: it ends the run, and the report names the call (verdict SV)
 *   EPERM  honest runtimes try it and live without it
 *   ENOSYS likewise, and they have an older way they fall back to
 *   NOTHING is done, and called a success: what honest programs ask for in vain is no fault of theirs
 *
 * The filter is a binary search over call numbers, a dozen instructions deep, built once by the zygote
 * and put on by each stub while nobody waits for it: the kernel takes 0.2 ms for that (measured), and the
 * program inherits it. So it has to let a stub do what it does between an order and its end; umount2 is
 * the one call that is not refused for that, and there the kernel itself refuses who has no privilege.
 *
 * Arguments that the kernel takes as 32 bits are compared as 32 bits: their upper half is noise that an
 * attacker chooses (seccomp(2)).
 *
 * KILL is told to the stub by a seccomp_unotify(2) descriptor, which knows the call; the caller stays
 * stopped in it until it is killed. Where the kernel has none, the filter kills by itself. */
#include "safeexec.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef __x86_64__
#error "the filter is written for x86-64"
#endif

enum rule {
    RULE_ALLOW,
    RULE_KILL,
    RULE_EPERM,
    RULE_ENOSYS,
    RULE_NOTHING,
    RULE_CLONE,      /* argument 0 has no namespace flag */
    RULE_SOCKETPAIR, /* argument 0 is AF_UNIX, and argument 1 not SOCK_DGRAM, which can talk to strangers */
    RULE_IOCTL,      /* argument 1 puts no characters into a terminal's input */
    RULE_PERSONALITY,/* argument 0 is 0, ADDR_NO_RANDOMIZE or the query */
    RULE_PRLIMIT,    /* argument 0, a process, is 0: the caller; and as the next */
    RULE_SETRLIMIT,  /* the limit of core files stays: at 0 a host's core handler would run (core(5)) */
    RULE_SETSOCKOPT, /* argument 2 attaches no filter: nothing counts its memory */
    RULE_FADVISE,    /* argument 3 does not drop page cache: others read the same files, and memory is told by it */
    RULE_FCNTL,      /* argument 1 is no lease, nor watch: others open the same files, and would wait, or be seen */
    RULE_MMAP,       /* no huge pages in these three: no memory cgroup counts them */
    RULE_MEMFD,
    RULE_SHMGET,     /* and as the next */
    RULE_IPC,        /* allowed in an IPC namespace of the run's own, where a cgroup counts the memory */
    RULES
};

struct call_rule {
    unsigned number;
    enum rule rule;
    const char *name;
};

/* Numbers above the newest call of x86-64 that this list was made for (Linux 6.12) get ENOSYS. */
enum { NEWEST_CALL = 463, X32_BIT = 0x40000000 };

/* Calls newer than the kernel headers that we may be built with. */
enum {
    CALL_MEMFD_SECRET = 447, CALL_QUOTACTL_FD = 443, CALL_MOUNT_SETATTR = 442, CALL_STATMOUNT = 457,
    CALL_LISTMOUNT = 458,
};
enum { F_SETDELEGATION = 1040 }; /* fcntl(2) of Linux 6.19 */

static struct call_rule call_rules[] = {
    {SYS_ptrace, RULE_KILL, "ptrace"}, {SYS_process_vm_readv, RULE_KILL, "process_vm_readv"},
    {SYS_process_vm_writev, RULE_KILL, "process_vm_writev"}, {SYS_pidfd_getfd, RULE_KILL, "pidfd_getfd"},
    {SYS_kcmp, RULE_KILL, "kcmp"}, {SYS_mount, RULE_KILL, "mount"}, {SYS_pivot_root, RULE_KILL, "pivot_root"},
    {SYS_chroot, RULE_KILL, "chroot"}, {SYS_unshare, RULE_KILL, "unshare"}, {SYS_setns, RULE_KILL, "setns"},
    {SYS_open_tree, RULE_KILL, "open_tree"}, {SYS_move_mount, RULE_KILL, "move_mount"},
    {SYS_fsopen, RULE_KILL, "fsopen"}, {SYS_fsconfig, RULE_KILL, "fsconfig"}, {SYS_fsmount, RULE_KILL, "fsmount"},
    {SYS_fspick, RULE_KILL, "fspick"}, {CALL_MOUNT_SETATTR, RULE_KILL, "mount_setattr"},
    {SYS_swapon, RULE_KILL, "swapon"}, {SYS_swapoff, RULE_KILL, "swapoff"}, {SYS_reboot, RULE_KILL, "reboot"},
    {SYS_kexec_load, RULE_KILL, "kexec_load"}, {SYS_kexec_file_load, RULE_KILL, "kexec_file_load"},
    {SYS_init_module, RULE_KILL, "init_module"}, {SYS_finit_module, RULE_KILL, "finit_module"},
    {SYS_delete_module, RULE_KILL, "delete_module"}, {SYS_create_module, RULE_KILL, "create_module"},
    {SYS_bpf, RULE_KILL, "bpf"}, {SYS_userfaultfd, RULE_KILL, "userfaultfd"},
    {SYS_perf_event_open, RULE_KILL, "perf_event_open"}, {SYS_open_by_handle_at, RULE_KILL, "open_by_handle_at"},
    {SYS_acct, RULE_KILL, "acct"}, {SYS_settimeofday, RULE_KILL, "settimeofday"},
    {SYS_clock_settime, RULE_KILL, "clock_settime"}, {SYS_adjtimex, RULE_KILL, "adjtimex"},
    {SYS_clock_adjtime, RULE_KILL, "clock_adjtime"}, {SYS_iopl, RULE_KILL, "iopl"}, {SYS_ioperm, RULE_KILL, "ioperm"},
    {SYS_modify_ldt, RULE_KILL, "modify_ldt"}, {SYS_quotactl, RULE_KILL, "quotactl"},
    {CALL_QUOTACTL_FD, RULE_KILL, "quotactl_fd"}, {SYS_nfsservctl, RULE_KILL, "nfsservctl"},
    {SYS_uselib, RULE_KILL, "uselib"}, {SYS__sysctl, RULE_KILL, "_sysctl"},
    {SYS_lookup_dcookie, RULE_KILL, "lookup_dcookie"}, {SYS_vhangup, RULE_KILL, "vhangup"},
    {SYS_syslog, RULE_KILL, "syslog"}, {SYS_fanotify_init, RULE_KILL, "fanotify_init"},
    {SYS_sethostname, RULE_KILL, "sethostname"}, {SYS_setdomainname, RULE_KILL, "setdomainname"},
    {CALL_STATMOUNT, RULE_EPERM, "statmount"}, {CALL_LISTMOUNT, RULE_EPERM, "listmount"},
    {SYS_name_to_handle_at, RULE_EPERM, "name_to_handle_at"}, {SYS_add_key, RULE_EPERM, "add_key"},
    {SYS_request_key, RULE_EPERM, "request_key"}, {SYS_keyctl, RULE_EPERM, "keyctl"},
    {SYS_socket, RULE_EPERM, "socket"}, {SYS_process_madvise, RULE_EPERM, "process_madvise"},
    {SYS_mbind, RULE_EPERM, "mbind"}, {SYS_set_mempolicy, RULE_EPERM, "set_mempolicy"},
    {SYS_migrate_pages, RULE_EPERM, "migrate_pages"}, {SYS_move_pages, RULE_EPERM, "move_pages"},
    {SYS_fanotify_mark, RULE_EPERM, "fanotify_mark"}, {SYS_sched_setaffinity, RULE_EPERM, "sched_setaffinity"},
    /* These reach what is the host's: what others open, its disks. */
    {SYS_inotify_add_watch, RULE_EPERM, "inotify_add_watch"}, {SYS_sync, RULE_EPERM, "sync"},
    {SYS_syncfs, RULE_EPERM, "syncfs"},
    /* Even of a file that one may only read these flush the disk; a box is memory, or of no use afterwards. */
    {SYS_fsync, RULE_NOTHING, "fsync"}, {SYS_fdatasync, RULE_NOTHING, "fdatasync"},
    {SYS_sync_file_range, RULE_NOTHING, "sync_file_range"}, {SYS_msync, RULE_NOTHING, "msync"},
    /* Locks on shared files are seen by others. To tell toolchains that a lock is theirs does no harm. */
    {SYS_flock, RULE_NOTHING, "flock"},
    /* Contexts are few, and the host's. */
    {SYS_io_setup, RULE_ENOSYS, "io_setup"},
    {CALL_MEMFD_SECRET, RULE_ENOSYS, "memfd_secret"}, {SYS_io_uring_setup, RULE_ENOSYS, "io_uring_setup"},
    {SYS_io_uring_enter, RULE_ENOSYS, "io_uring_enter"}, {SYS_io_uring_register, RULE_ENOSYS, "io_uring_register"},
    /* Its flags are behind a pointer, where no filter can look; the C library then uses clone. */
    {SYS_clone3, RULE_ENOSYS, "clone3"},
    {SYS_clone, RULE_CLONE, "clone"}, {SYS_socketpair, RULE_SOCKETPAIR, "socketpair"},
    {SYS_ioctl, RULE_IOCTL, "ioctl"}, {SYS_personality, RULE_PERSONALITY, "personality"},
    {SYS_fcntl, RULE_FCNTL, "fcntl"}, {SYS_fadvise64, RULE_FADVISE, "fadvise64"},
    /* In a user namespace of ours stub and program are of one user, and of one another's business. */
    {SYS_prlimit64, RULE_PRLIMIT, "prlimit64"}, {SYS_setrlimit, RULE_SETRLIMIT, "setrlimit"},
    {SYS_setsockopt, RULE_SETSOCKOPT, "setsockopt"},
    /* A program that hardly gets a CPU would take as long to end as to be killed. */
    {SYS_sched_setscheduler, RULE_NOTHING, "sched_setscheduler"}, {SYS_sched_setparam, RULE_EPERM, "sched_setparam"},
    {SYS_sched_setattr, RULE_EPERM, "sched_setattr"}, {SYS_setpriority, RULE_EPERM, "setpriority"},
    {SYS_ioprio_set, RULE_EPERM, "ioprio_set"},
    {SYS_mmap, RULE_MMAP, "mmap"}, {SYS_memfd_create, RULE_MEMFD, "memfd_create"},
    {SYS_shmget, RULE_SHMGET, "shmget"}, {SYS_semget, RULE_IPC, "semget"}, {SYS_msgget, RULE_IPC, "msgget"},
    {SYS_mq_open, RULE_IPC, "mq_open"}, {SYS_shmat, RULE_IPC, "shmat"}, {SYS_mq_unlink, RULE_IPC, "mq_unlink"},
};
enum { CALL_RULES = sizeof call_rules / sizeof *call_rules };

enum { PROGRAM_MAX = 1024 };
static struct sock_filter program[PROGRAM_MAX];
static unsigned short program_length;
static uint32_t action_kill; /* what KILL is on this host */
static bool own_ipc;

static void emit(uint16_t code, uint32_t operand, uint8_t if_true, uint8_t if_false)
{
    if (program_length < PROGRAM_MAX) /* seccomp_build() says when it is full */
        program[program_length++] = (struct sock_filter){code, if_true, if_false, operand};
}

static void emit_load(size_t offset) { emit(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0); }

static void emit_return(uint32_t action) { emit(BPF_RET | BPF_K, action, 0, 0); }

/* The lower half of an argument, on a little-endian machine. */
static size_t argument_offset(unsigned index)
{
    return offsetof(struct seccomp_data, args) + index * sizeof(uint64_t);
}

/* Allows if the accumulator equals one of the values, else takes `action`. */
static void emit_one_of(const uint32_t *values, size_t count, uint32_t action)
{
    for (size_t i = 0; i < count; i++)
        emit(BPF_JMP | BPF_JEQ | BPF_K, values[i], (uint8_t)(count - i), 0);
    emit_return(action);
    emit_return(SECCOMP_RET_ALLOW);
}

/* Takes `action` if the accumulator equals one of the values, else allows. */
static void emit_none_of(const uint32_t *values, size_t count, uint32_t action)
{
    for (size_t i = 0; i < count; i++)
        emit(BPF_JMP | BPF_JEQ | BPF_K, values[i], (uint8_t)(count - i), 0);
    emit_return(SECCOMP_RET_ALLOW);
    emit_return(action);
}

static void emit_without_flag(unsigned argument, uint32_t flag, uint32_t action)
{
    emit_load(argument_offset(argument));
    emit(BPF_JMP | BPF_JSET | BPF_K, flag, 0, 1);
    emit_return(action);
    emit_return(SECCOMP_RET_ALLOW);
}

static void emit_rule(enum rule rule)
{
    static const uint32_t namespace_flags =
        CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
    static const uint32_t attachments[] = {SO_ATTACH_FILTER, SO_ATTACH_BPF, SO_ATTACH_REUSEPORT_CBPF,
                                           SO_ATTACH_REUSEPORT_EBPF};
    static const uint32_t personalities[] = {0, 0x0040000 /* ADDR_NO_RANDOMIZE */, 0xffffffff};
    const uint32_t refuse = SECCOMP_RET_ERRNO | EPERM;
    switch (rule) {
    case RULE_KILL: emit_return(action_kill); return;
    case RULE_EPERM: emit_return(refuse); return;
    case RULE_ENOSYS: emit_return(SECCOMP_RET_ERRNO | ENOSYS); return;
    case RULE_NOTHING: emit_return(SECCOMP_RET_ERRNO | 0); return;
    case RULE_CLONE:
        emit_load(argument_offset(0));
        emit(BPF_JMP | BPF_JSET | BPF_K, namespace_flags, 0, 1);
        emit_return(action_kill);
        emit_return(SECCOMP_RET_ALLOW);
        return;
    case RULE_SOCKETPAIR:
        emit_load(argument_offset(1));
        emit(BPF_ALU | BPF_AND | BPF_K, 0xf, 0, 0); /* the rest are flags */
        emit(BPF_JMP | BPF_JEQ | BPF_K, SOCK_DGRAM, 0, 1);
        emit_return(refuse);
        emit_load(argument_offset(0));
        emit_one_of((const uint32_t[]){AF_UNIX}, 1, refuse);
        return;
    case RULE_MMAP: emit_without_flag(3, MAP_HUGETLB, refuse); return;
    case RULE_MEMFD: emit_without_flag(1, MFD_HUGETLB, refuse); return;
    case RULE_SHMGET:
        if (!own_ipc) {
            emit_return(refuse);
            return;
        }
        emit_without_flag(2, SHM_HUGETLB, refuse);
        return;
    case RULE_IOCTL:
        emit_load(argument_offset(1));
        emit_none_of((const uint32_t[]){TIOCSTI, TIOCLINUX}, 2, refuse);
        return;
    case RULE_PERSONALITY:
        emit_load(argument_offset(0));
        emit_one_of(personalities, sizeof personalities / sizeof *personalities, refuse);
        return;
    case RULE_PRLIMIT:
        emit_load(argument_offset(0));
        emit(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
        emit_return(refuse);
        /* To ask is allowed: then argument 2, a pointer, is 0 in both halves. */
        emit_load(argument_offset(2));
        emit(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3);
        emit_load(argument_offset(2) + sizeof(uint32_t));
        emit(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1);
        emit_return(SECCOMP_RET_ALLOW);
        emit_load(argument_offset(1));
        emit_none_of((const uint32_t[]){RLIMIT_CORE}, 1, refuse);
        return;
    case RULE_SETRLIMIT:
        emit_load(argument_offset(0));
        emit_none_of((const uint32_t[]){RLIMIT_CORE}, 1, refuse);
        return;
    case RULE_SETSOCKOPT:
        emit_load(argument_offset(2));
        emit_none_of(attachments, sizeof attachments / sizeof *attachments, refuse);
        return;
    case RULE_FADVISE:
        emit_load(argument_offset(3));
        emit_none_of((const uint32_t[]){POSIX_FADV_DONTNEED}, 1, refuse);
        return;
    case RULE_FCNTL:
        emit_load(argument_offset(1));
        emit_none_of((const uint32_t[]){F_SETLEASE, F_NOTIFY, F_SETDELEGATION}, 3, refuse);
        return;
    case RULE_IPC: emit_return(own_ipc ? (uint32_t)SECCOMP_RET_ALLOW : refuse); return;
    case RULE_ALLOW:
    case RULES: emit_return(SECCOMP_RET_ALLOW); return;
    }
}

/* Emits the search among sorted rules [first, last); the call number is in the accumulator. A rule's
 * own code stands at the leaf, so that every jump goes forward by less than 256. */
static void emit_search(size_t first, size_t last)
{
    if (last - first == 0) {
        emit_return(SECCOMP_RET_ALLOW);
        return;
    }
    if (last - first == 1) {
        emit(BPF_JMP | BPF_JEQ | BPF_K, call_rules[first].number, 1, 0);
        emit_return(SECCOMP_RET_ALLOW);
        emit_rule(call_rules[first].rule);
        return;
    }
    size_t middle = (first + last) / 2;
    /* A far jump: conditional ones reach only 255 instructions. */
    emit(BPF_JMP | BPF_JGE | BPF_K, call_rules[middle].number, 0, 1);
    unsigned short far = program_length;
    emit(BPF_JMP | BPF_JA, 0, 0, 0);
    emit_search(first, middle);
    program[far].k = (uint32_t)(program_length - far - 1);
    emit_search(middle, last);
}

static int compare_numbers(const void *a, const void *b)
{
    const struct call_rule *left = a, *right = b;
    return left->number < right->number ? -1 : left->number > right->number;
}

int seccomp_build(const struct host *host, struct fault *fault)
{
    action_kill = host_has(host, MECHANISM_CALLS) ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_KILL_PROCESS;
    own_ipc = host_has(host, MECHANISM_IPC) && host_has(host, MECHANISM_MEMORY);
    qsort(call_rules, CALL_RULES, sizeof *call_rules, compare_numbers);
    for (size_t i = 1; i < CALL_RULES; i++)
        if (call_rules[i].number == call_rules[i - 1].number)
            return fault_set(fault, "seccomp: call %u has two rules", call_rules[i].number);
    program_length = 0;
    /* i386 calls have another architecture, x32 calls bit 30 set: both number calls differently. */
    emit_load(offsetof(struct seccomp_data, arch));
    emit(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
    emit_return(action_kill);
    emit_load(offsetof(struct seccomp_data, nr));
    emit(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
    emit_return(action_kill);
    emit(BPF_JMP | BPF_JGT | BPF_K, NEWEST_CALL, 0, 1);
    emit_return(SECCOMP_RET_ERRNO | ENOSYS);
    emit_search(0, CALL_RULES);
    return program_length < PROGRAM_MAX ? 0 : fault_set(fault, "seccomp: the filter has more than %d instructions", PROGRAM_MAX);
}

static int filter_set(const struct sock_fprog *filter, bool with_listener)
{
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, with_listener ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0u,
                        filter);
}

int seccomp_install(const struct host *host)
{
    const struct sock_fprog filter = {program_length, program};
    return filter_set(&filter, host_has(host, MECHANISM_CALLS));
}

int seccomp_probe(bool with_listener)
{
    struct sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
    const struct sock_fprog filter = {1, &allow};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || filter_set(&filter, with_listener) < 0)
        return errno;
    return 0;
}

/* ---- what was forbidden ------------------------------------------------------------------------------------ */

bool seccomp_take(int listener, struct forbidden_call *call)
{
    /* Newer kernels may write more than the structure of our headers. */
    static union {
        struct seccomp_notif notice;
        char room[1024];
    } buffer;
    memset(&buffer, 0, sizeof buffer);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &buffer) < 0)
        return false; /* the caller was killed meanwhile */
    *call = (struct forbidden_call){buffer.notice.data.arch, buffer.notice.data.nr};
    return true;
}

void seccomp_call_name(const struct forbidden_call *call, char *name, size_t size)
{
    if (call->arch != AUDIT_ARCH_X86_64) {
        snprintf(name, size, "%s:%d", call->arch == AUDIT_ARCH_I386 ? "i386" : "foreign", call->number);
        return;
    }
    if ((unsigned)call->number & X32_BIT) {
        snprintf(name, size, "x32:%u", (unsigned)call->number & ~(unsigned)X32_BIT);
        return;
    }
    snprintf(name, size, "%d", call->number);
    for (size_t i = 0; i < CALL_RULES; i++)
        if (call_rules[i].number == (unsigned)call->number)
            snprintf(name, size, "%s", call_rules[i].name);
}
