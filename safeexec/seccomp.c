/* Which system calls a program may make: a list of what is refused, by three degrees.
 *
 *   KILL   no honest program does this: it ends the whole process with SIGSYS (verdict SV)
 *   EPERM  honest runtimes try it and live without it
 *   ENOSYS likewise, and they have an older way they fall back to
 *
 * The filter is a binary search over call numbers, a dozen instructions deep, built once by the
 * zygote. Arguments that the kernel takes as 32 bits are compared as 32 bits: their upper half is
 * noise that an attacker chooses (seccomp(2)). */
#include "safeexec.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
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
    RULE_CLONE,      /* argument 0 has no namespace flag */
    RULE_SOCKETPAIR, /* argument 0 is AF_UNIX */
    RULE_IOCTL,      /* argument 1 puts no characters into a terminal's input */
    RULE_PERSONALITY,/* argument 0 is 0, ADDR_NO_RANDOMIZE or the query */
    RULES
};

struct call_rule {
    unsigned number;
    enum rule rule;
};

/* Numbers above the newest call of x86-64 that this list was made for (Linux 6.12) get ENOSYS. */
enum { NEWEST_CALL = 463 };

/* Calls newer than the kernel headers that we may be built with. */
enum {
    CALL_MEMFD_SECRET = 447, CALL_QUOTACTL_FD = 443, CALL_MOUNT_SETATTR = 442, CALL_STATMOUNT = 457,
    CALL_LISTMOUNT = 458,
};

static struct call_rule call_rules[] = {
    {SYS_ptrace, RULE_KILL},          {SYS_process_vm_readv, RULE_KILL}, {SYS_process_vm_writev, RULE_KILL},
    {SYS_pidfd_getfd, RULE_KILL},     {SYS_kcmp, RULE_KILL},
    {SYS_mount, RULE_KILL},           {SYS_umount2, RULE_KILL},          {SYS_pivot_root, RULE_KILL},
    {SYS_chroot, RULE_KILL},          {SYS_unshare, RULE_KILL},          {SYS_setns, RULE_KILL},
    {SYS_open_tree, RULE_KILL},       {SYS_move_mount, RULE_KILL},       {SYS_fsopen, RULE_KILL},
    {SYS_fsconfig, RULE_KILL},        {SYS_fsmount, RULE_KILL},          {SYS_fspick, RULE_KILL},
    {CALL_MOUNT_SETATTR, RULE_KILL},  {CALL_STATMOUNT, RULE_EPERM},      {CALL_LISTMOUNT, RULE_EPERM},
    {SYS_swapon, RULE_KILL},          {SYS_swapoff, RULE_KILL},          {SYS_reboot, RULE_KILL},
    {SYS_kexec_load, RULE_KILL},      {SYS_kexec_file_load, RULE_KILL},  {SYS_init_module, RULE_KILL},
    {SYS_finit_module, RULE_KILL},    {SYS_delete_module, RULE_KILL},    {SYS_create_module, RULE_KILL},
    {SYS_bpf, RULE_KILL},             {SYS_userfaultfd, RULE_KILL},      {SYS_perf_event_open, RULE_KILL},
    {SYS_open_by_handle_at, RULE_KILL}, {SYS_name_to_handle_at, RULE_EPERM},
    {SYS_acct, RULE_KILL},            {SYS_settimeofday, RULE_KILL},     {SYS_clock_settime, RULE_KILL},
    {SYS_adjtimex, RULE_KILL},        {SYS_clock_adjtime, RULE_KILL},
    {SYS_iopl, RULE_KILL},            {SYS_ioperm, RULE_KILL},           {SYS_modify_ldt, RULE_KILL},
    {SYS_quotactl, RULE_KILL},        {CALL_QUOTACTL_FD, RULE_KILL},     {SYS_nfsservctl, RULE_KILL},
    {SYS_uselib, RULE_KILL},          {SYS__sysctl, RULE_KILL},          {SYS_lookup_dcookie, RULE_KILL},
    {SYS_vhangup, RULE_KILL},         {SYS_syslog, RULE_KILL},           {SYS_fanotify_init, RULE_KILL},
    {SYS_sethostname, RULE_KILL},     {SYS_setdomainname, RULE_KILL},
    {SYS_add_key, RULE_EPERM},        {SYS_request_key, RULE_EPERM},     {SYS_keyctl, RULE_EPERM},
    {SYS_socket, RULE_EPERM},         {SYS_process_madvise, RULE_EPERM}, {SYS_mbind, RULE_EPERM},
    {SYS_set_mempolicy, RULE_EPERM},  {SYS_migrate_pages, RULE_EPERM},   {SYS_move_pages, RULE_EPERM},
    {SYS_fanotify_mark, RULE_EPERM},  {CALL_MEMFD_SECRET, RULE_ENOSYS},
    {SYS_io_uring_setup, RULE_ENOSYS}, {SYS_io_uring_enter, RULE_ENOSYS}, {SYS_io_uring_register, RULE_ENOSYS},
    /* Its flags are behind a pointer, where no filter can look; the C library then uses clone. */
    {SYS_clone3, RULE_ENOSYS},
    {SYS_clone, RULE_CLONE},          {SYS_socketpair, RULE_SOCKETPAIR}, {SYS_ioctl, RULE_IOCTL},
    {SYS_personality, RULE_PERSONALITY},
};
enum { CALL_RULES = sizeof call_rules / sizeof *call_rules };

enum { PROGRAM_MAX = 512 };
static struct sock_filter program[PROGRAM_MAX];
static unsigned short program_length;

static void emit(uint16_t code, uint32_t operand, uint8_t if_true, uint8_t if_false)
{
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

static void emit_rule(enum rule rule)
{
    static const uint32_t namespace_flags =
        CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
    static const uint32_t personalities[] = {0, 0x0040000 /* ADDR_NO_RANDOMIZE */, 0xffffffff};
    const uint32_t refuse = SECCOMP_RET_ERRNO | EPERM;
    switch (rule) {
    case RULE_KILL: emit_return(SECCOMP_RET_KILL_PROCESS); return;
    case RULE_EPERM: emit_return(refuse); return;
    case RULE_ENOSYS: emit_return(SECCOMP_RET_ERRNO | ENOSYS); return;
    case RULE_CLONE:
        emit_load(argument_offset(0));
        emit(BPF_JMP | BPF_JSET | BPF_K, namespace_flags, 0, 1);
        emit_return(SECCOMP_RET_KILL_PROCESS);
        emit_return(SECCOMP_RET_ALLOW);
        return;
    case RULE_SOCKETPAIR:
        emit_load(argument_offset(0));
        emit_one_of((const uint32_t[]){AF_UNIX}, 1, refuse);
        return;
    case RULE_IOCTL:
        emit_load(argument_offset(1));
        emit(BPF_JMP | BPF_JEQ | BPF_K, TIOCSTI, 1, 0);
        emit(BPF_JMP | BPF_JEQ | BPF_K, TIOCLINUX, 0, 1);
        emit_return(refuse);
        emit_return(SECCOMP_RET_ALLOW);
        return;
    case RULE_PERSONALITY:
        emit_load(argument_offset(0));
        emit_one_of(personalities, sizeof personalities / sizeof *personalities, refuse);
        return;
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

int seccomp_build(struct fault *fault)
{
    qsort(call_rules, CALL_RULES, sizeof *call_rules, compare_numbers);
    for (size_t i = 1; i < CALL_RULES; i++)
        if (call_rules[i].number == call_rules[i - 1].number)
            return fault_set(fault, "seccomp: call %u has two rules", call_rules[i].number);
    program_length = 0;
    /* i386 calls have another architecture, x32 calls bit 30 set: both number calls differently. */
    emit_load(offsetof(struct seccomp_data, arch));
    emit(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
    emit_return(SECCOMP_RET_KILL_PROCESS);
    emit_load(offsetof(struct seccomp_data, nr));
    emit(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1);
    emit_return(SECCOMP_RET_KILL_PROCESS);
    emit(BPF_JMP | BPF_JGT | BPF_K, NEWEST_CALL, 0, 1);
    emit_return(SECCOMP_RET_ERRNO | ENOSYS);
    emit_search(0, CALL_RULES);
    return 0;
}

int seccomp_install(void)
{
    const struct sock_fprog filter = {program_length, program};
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter);
}
