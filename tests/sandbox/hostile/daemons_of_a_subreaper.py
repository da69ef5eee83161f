# Attacks: the end of the run, by daemons with a reaper of their own that ignore all signals.
# Limits: processes=16 memory_kib=131072
# Expect: outcome=exited exit_code=0
import ctypes
import os
import signal
import sys
import time

PR_SET_CHILD_SUBREAPER = 36
if os.fork() == 0:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for number in set(range(1, 65)) - {signal.SIGKILL, signal.SIGSTOP, 32, 33}:
        signal.signal(number, signal.SIG_IGN)
    for _ in range(5):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                while True:
                    pass
            os._exit(0)
    os.wait()
    time.sleep(1000)
time.sleep(0.05)
sys.exit(0)
