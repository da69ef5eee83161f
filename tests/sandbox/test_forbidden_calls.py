"""Each call that no honest program makes ends the run, and the answer names it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sandbox.client import Connection
from tests.sandbox.service import Service

SOURCE = Path(__file__).parent / "one_call.c"

CALLS = {
    "ptrace": 101,
    "modify_ldt": 154,
    "pivot_root": 155,
    "adjtimex": 159,
    "chroot": 161,
    "acct": 163,
    "settimeofday": 164,
    "mount": 165,
    "swapon": 167,
    "swapoff": 168,
    "reboot": 169,
    "sethostname": 170,
    "setdomainname": 171,
    "iopl": 172,
    "ioperm": 173,
    "init_module": 175,
    "delete_module": 176,
    "quotactl": 179,
    "clock_settime": 227,
    "kexec_load": 246,
    "unshare": 272,
    "perf_event_open": 298,
    "fanotify_init": 300,
    "open_by_handle_at": 304,
    "clock_adjtime": 305,
    "setns": 308,
    "process_vm_readv": 310,
    "process_vm_writev": 311,
    "kcmp": 312,
    "finit_module": 313,
    "kexec_file_load": 320,
    "bpf": 321,
    "userfaultfd": 323,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "pidfd_getfd": 438,
    "mount_setattr": 442,
}
"""Their numbers on x86-64."""


@pytest.mark.parametrize("name", CALLS)
def test_forbidden_call_ends_the_run_and_is_named(
    name: str, service: Service, compiled: Callable[[Path], Path]
) -> None:
    with Connection(service.socket) as slot:
        answer = slot.run(["./one_call", str(CALLS[name])], files={"one_call": compiled(SOURCE)})
    assert (answer["outcome"], answer["signal"], answer["call"]) == ("forbidden", "31", name)
