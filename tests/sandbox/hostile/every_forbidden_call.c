/* Attacks: the kernel, by each call that no honest program makes. Each ends the child that tries it, and
 * only that child.
 * Limits: processes=2
 * Expect: outcome=exited exit_code=0
 */
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const long calls[] = {
    SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_pidfd_getfd, SYS_kcmp, SYS_mount, SYS_umount2,
    SYS_pivot_root, SYS_chroot, SYS_unshare, SYS_setns, SYS_open_tree, SYS_move_mount, SYS_fsopen, SYS_fsconfig,
    SYS_fsmount, SYS_fspick, SYS_swapon, SYS_swapoff, SYS_reboot, SYS_kexec_load, SYS_kexec_file_load,
    SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_bpf, SYS_userfaultfd, SYS_perf_event_open,
    SYS_open_by_handle_at, SYS_acct, SYS_settimeofday, SYS_clock_settime, SYS_adjtimex, SYS_clock_adjtime, SYS_iopl,
    SYS_ioperm, SYS_modify_ldt, SYS_quotactl, SYS_vhangup, SYS_syslog, SYS_fanotify_init, SYS_sethostname,
    SYS_setdomainname,
};

int main(void)
{
    for (unsigned i = 0; i < sizeof calls / sizeof *calls; i++) {
        int status;
        pid_t child = vfork();
        if (child == 0) {
            syscall(calls[i], 0, 0, 0, 0, 0, 0);
            _exit(0);
        }
        if (waitpid(child, &status, 0) != child || !WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
            return 1 + (int)i;
    }
    return 0;
}
