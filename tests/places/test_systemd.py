"""The units of config/systemd where a Debian has its cgroups as it comes: v2, in the machine.

All else of them is tested in containers: tests/engine/test_systemd.py.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack import RunFolder
from stack.docker import AS_ROOT, run
from stack.paths import ROOT
from tests.engine.debian import Debian
from tests.places.hosts import LIMIT_S, MACHINE, engine, setting
from tests.places.service import Service
from tests.problem_packages import PROBLEMS

pytestmark = pytest.mark.slow

# Where no systemd runs, setup-worker.sh makes all ready and then says so.
SET_UP = """
apt-get install --yes --no-install-recommends systemd systemd-sysv
./setup-worker.sh --systemd --languages c,python || systemctl --root=/ enable safeexec executor
"""
LOOK = """
level() {
    executor judge --json /root/plain 2>/dev/null | grep -o '"isolation": "[a-z]*"' | sort -u
}
group=/sys/fs/cgroup/system.slice/safeexec.service
level
ls -d $group/safeexec.*
systemctl daemon-reload
systemctl restart executor safeexec
level
systemctl kill --signal=KILL safeexec
until [ -S /run/safeexec/safeexec.sock ] && systemctl is-active safeexec; do sleep 1; done
level
systemctl stop executor safeexec
find /sys/fs/cgroup -name '*safeexec*'
"""


@pytest.fixture
def stage() -> Iterator[Path]:
    """The root of a Debian in which our units are enabled."""
    with engine([Service(lifted=False)]), RunFolder() as folder:
        root = folder.make("root")
        with Debian("trixie", "sleep", "infinity") as debian:
            debian.get_clone()
            debian.type(SET_UP)
            unpack = 'docker export "$0" | "${@:2}" tar -x --numeric-owner -C "$1"'
            run("bash", "-ec", unpack, debian.id, str(root), *AS_ROOT)
        try:
            for part in (PROBLEMS / "plain", ROOT / "tests" / "places" / "systemd.sh"):
                run(*AS_ROOT, "cp", "-r", str(part), str(root / "root"))
            yield root
        finally:
            run(*AS_ROOT, "rm", "-rf", str(root))


def test_safeexec_has_all_its_walls_below_the_group_that_systemd_delegates(stage: Path) -> None:
    machine = [*setting(MACHINE), "-d", str(stage), "-t", str(LIMIT_S), "--"]
    done = subprocess.run(
        [*machine, "sh", "root/systemd.sh", "sh", "-c", LOOK],
        capture_output=True,
        text=True,
        check=False,
    )
    full = '"isolation": "full"'
    group = "/sys/fs/cgroup/system.slice/safeexec.service/safeexec.init"
    said = [line for line in done.stdout.splitlines() if line in (full, group, "active")]
    assert said == [full, group, full, "active", full], done.stdout + done.stderr
    assert done.stdout.count("safeexec.init") == 1
