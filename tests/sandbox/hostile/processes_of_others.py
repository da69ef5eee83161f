# Attacks: other processes, by what /proc tells of them and lets be written.
# Expect: outcome=exited exit_code=0
import contextlib
import os
import sys

with open("/proc/self/stat") as stat:
    parent = int(stat.read().rpartition(")")[2].split()[1])
others = {1, 2, parent, int(os.environ["HOST_PID"])} - {os.getpid()}
with contextlib.suppress(PermissionError):
    others |= {int(name) for name in os.listdir("/proc") if name.isdigit()} - {os.getpid()}
secrets = (
    "environ",
    "maps",
    "mem",
    "auxv",
    "stack",
    "syscall",
    "io",
    "cwd/.",
    "root/.",
    "fd/0",
    "exe",
)
for pid in others:
    for name in secrets:
        try:
            file = os.open(f"/proc/{pid}/{name}", os.O_RDONLY)
            os.read(file, 1)
        except IsADirectoryError:
            sys.exit(f"entered {name} of {pid}")
        except OSError:
            continue
        sys.exit(f"read {name} of {pid}")
    for name in ("mem", "oom_score_adj", "comm", "coredump_filter", "autogroup", "timerslack_ns"):
        try:
            os.open(f"/proc/{pid}/{name}", os.O_WRONLY)
        except OSError:
            continue
        sys.exit(f"opened {name} of {pid}")
