# Attacks: the host, by the kernel's own files.
# Expect: outcome=exited exit_code=0
import os
import sys

writable = (
    "/proc/sysrq-trigger",
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/vm/drop_caches",
    "/proc/self/uid_map",
    "/proc/self/attr/current",
    "/sys/kernel/uevent_helper",
    "/sys/fs/cgroup/cgroup.procs",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    "/dev/mem",
    "/dev/kmsg",
    "/dev/vda",
    "/dev/sda",
    "/dev/fuse",
    "/dev/ptmx",
    "/dev/tty",
    "/dev/userfaultfd",
    "/dev/kvm",
)
for path in writable:
    try:
        file = os.open(path, os.O_WRONLY)
        os.write(file, b"0")
    except OSError:
        continue
    sys.exit(f"wrote {path}")
for path in ("/proc/kcore", "/proc/kallsyms", "/proc/kmsg", "/proc/keys", "/proc/sched_debug"):
    try:
        file = os.open(path, os.O_RDONLY)
        told = os.read(file, 4096)
    except OSError:
        continue
    # A kernel that hides its addresses shows zeros.
    if told.strip(b"0 \n") and not told.startswith(b"0000000000000000"):
        sys.exit(f"read {path}")
