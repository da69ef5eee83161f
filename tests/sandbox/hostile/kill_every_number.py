# Attacks: every process of the host, by a signal to each number there can be.
# Expect: outcome=exited exit_code=0
import os
import signal
import sys

with open("/proc/self/stat") as stat:
    parent = int(stat.read().rpartition(")")[2].split()[1])
for pid in [int(os.environ["HOST_PID"]), parent, *range(1, 40000)]:
    for target in (pid, -pid):
        # To -1, which is everybody, the kernel says yes even if it reached nobody.
        if pid in (os.getpid(), os.getpgrp()) or target == -1:
            continue
        try:
            os.kill(target, signal.SIGKILL)
        except OSError:
            continue
        sys.exit(1)
