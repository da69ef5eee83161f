"""What safeexec says of the host, and where it refuses to start."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sandbox.client import Connection
from tests.sandbox.service import BINARY, SUDO, Service, wait_until

LEVELS = ["restricted", "user", "namespaces", "full"]


def safeexec(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*SUDO, str(BINARY), *words], capture_output=True, text=True, check=False)


def test_check_tells_a_person_the_level_and_each_mechanism() -> None:
    told = safeexec("--check")
    assert told.returncode == 0
    assert told.stdout.startswith("safeexec ")
    assert "isolation level full" in told.stdout.splitlines()[0]
    assert "yes seccomp" in told.stdout
    assert "\033" not in told.stdout


def test_check_tells_a_program_the_same() -> None:
    host = json.loads(safeexec("--check", "--json").stdout)
    assert host["level"] == "full"
    for mechanism in host["mechanisms"]:
        expected = {"name", "works", "found"}
        assert set(mechanism) == expected | (set() if mechanism["works"] else {"loss", "remedy"})


@pytest.mark.parametrize("level", LEVELS)
def test_weaker_level_is_told_in_the_hello_and_runs_programs(
    serve: Callable[..., Service], level: str
) -> None:
    service = serve(options=["--level", level])
    with Connection(service.socket) as slot:
        assert slot.hello["isolation"] == level
        for _ in range(3):
            answer = slot.run(
                ["/bin/sh", "-c", "echo x > made && test -f made && : > ${TMPDIR:-/tmp}/made"]
            )
            assert (answer["outcome"], answer["exit_code"]) == ("exited", "0")
    assert service.stop() == 0


@pytest.mark.parametrize("level", LEVELS)
def test_one_shot_reports_the_level_it_ran_at(level: str) -> None:
    told = safeexec("--level", level, "--rundir", "/usr", "--exec", "/usr/bin/true").stderr
    assert told.startswith("OK\n")
    assert f"ISOLATION: {level}\n" in told


def test_service_does_not_start_below_the_required_level(tmp_path: Path) -> None:
    words = ["--serve", str(tmp_path / "socket"), "--level", "user", "--require", "namespaces"]
    told = safeexec(*words)
    assert told.returncode == 1
    assert told.stderr.count("\n") == 1
    assert "allows only level user" in told.stderr
    assert "safeexec --check" in told.stderr


def test_check_fails_below_the_required_level() -> None:
    assert safeexec("--check", "--level", "restricted", "--require", "user").returncode == 1
    assert safeexec("--check", "--level", "user", "--require", "user").returncode == 0


def test_nothing_stays_in_the_work_folder(serve: Callable[..., Service], tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    tmp_path.chmod(0o755)
    service = serve(options=["--level", "restricted", "--work", str(work)])
    with Connection(service.socket) as slot:
        for _ in range(2):
            slot.run(["/bin/sh", "-c", "mkdir -p a/b/c; ln -s / a/b/root; chmod 0 a/b; touch x"])
    (folder,) = work.iterdir()
    wait_until(lambda: len(list(folder.iterdir())) == 1, 5, "only the next run's box is left")
    assert service.stop() == 0
    assert list(work.iterdir()) == []


def test_slot_is_pinned_to_its_cpu(
    serve: Callable[..., Service], output_of: Callable[..., str]
) -> None:
    cpus = sorted(os.sched_getaffinity(0))[:2]
    service = serve(slots=len(cpus), options=["--cpus", ",".join(map(str, cpus))])
    slots = [Connection(service.socket) for _ in cpus]
    command = ["/bin/grep", "Cpus_allowed_list", "/proc/self/status"]
    for slot in slots:
        cpu = cpus[int(slot.hello["slot"])]
        assert output_of(slot, command).split() == ["Cpus_allowed_list:", str(cpu)]
        slot.socket.close()
    assert service.stop() == 0


@pytest.mark.parametrize("cpus", ["", "x", "1-", "3-1", "0,,1", "-1", "100000", "0 1"])
def test_senseless_list_of_cpus_is_refused_in_one_line(cpus: str, tmp_path: Path) -> None:
    told = safeexec("--serve", str(tmp_path / "socket"), "--cpus", cpus)
    assert told.returncode == 1
    assert told.stderr.startswith("safeexec: --cpus")
    assert told.stderr.count("\n") == 1
