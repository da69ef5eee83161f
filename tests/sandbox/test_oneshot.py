"""The seed's interface: options, exit status and the first four lines of the report."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.sandbox.remains import groups_of
from tests.sandbox.service import BINARY, SUDO, programs_of, wait_until

REPORT = re.compile(
    r"(?P<status>[^\n]+)\nELAPSED_TIME: \d+ s\nMEMORY_USED: \d+ kB\nCPU_TIME: \d+\.\d{3} s\n"
)


def safeexec(
    *words: str, cwd: Path | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    command = [*SUDO, str(BINARY), *words]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, input=stdin, check=False
    )


PYTHON = "/usr/bin/python3"
STATUSES = {
    "OK": ["--exec", "/usr/bin/true"],
    "NZEC(3)": ["--exec", "/bin/sh", "-c", "exit 3"],
    "TLE": ["--cpu", "1", "--exec", "/bin/sh", "-c", "while :; do :; done"],
    "RTLE": ["--clock", "1", "--exec", "/bin/sleep", "9"],
    "MLE": [
        "--cpu",
        "20",
        "--clock",
        "60",
        "--mem",
        "32768",
        "--exec",
        PYTHON,
        "-c",
        "bytearray(99 << 20)",
    ],
    "OLE": ["--fsize", "64", "--exec", "/usr/bin/dd", "if=/dev/zero", "of=/tmp/x"],
    "Invalid Function": [
        "--exec",
        PYTHON,
        "-c",
        "import ctypes; ctypes.CDLL(None).ptrace(0, 0, 0, 0)",
    ],
    "Command terminated by signal (11: SIGSEGV)": ["--exec", "/bin/sh", "-c", "kill -SEGV $$"],
}


@pytest.mark.parametrize("status", STATUSES)
def test_status_line_and_exit_status(status: str) -> None:
    done = safeexec(*STATUSES[status])
    report = REPORT.match(done.stderr)
    assert report, done.stderr
    assert report["status"] == status
    assert done.returncode == 0


def test_stdin_and_stdout_are_inherited() -> None:
    done = safeexec("--exec", "/bin/cat", stdin="through\n")
    assert done.stdout == "through\n"


def test_usage_and_error_go_to_files(tmp_path: Path) -> None:
    usage, error = tmp_path / "usage", tmp_path / "error"
    done = safeexec(
        "--usage", str(usage), "--error", str(error), "--exec", "/bin/sh", "-c", "echo oops >&2"
    )
    assert done.stderr == ""
    assert error.read_text() == "oops\n"
    assert usage.read_text().startswith("OK\n")


@pytest.fixture
def rundir(tmp_path: Path) -> Path:
    """A folder that programs may write."""
    folder = tmp_path / "run"
    folder.mkdir()
    folder.chmod(0o777)
    return folder


@pytest.mark.parametrize("option", ["--error", "--usage"])
def test_link_that_a_program_planted_is_not_followed(
    option: str, rundir: Path, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    safeexec("--rundir", str(rundir), "--exec", "/bin/ln", "-s", str(victim), "planted")
    done = safeexec(option, str(rundir / "planted"), "--exec", "/usr/bin/true")
    assert done.returncode == 1
    assert "a symbolic link is not followed" in done.stderr
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("option", ["--error", "--usage"])
def test_file_with_another_name_is_not_written(option: str, rundir: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (rundir / "planted").hardlink_to(victim)
    assert safeexec(option, str(rundir / "planted"), "--exec", "/usr/bin/true").returncode == 1
    assert victim.read_text() == "precious"


def test_pipe_that_a_program_planted_does_not_keep_us_waiting(rundir: Path) -> None:
    safeexec("--rundir", str(rundir), "--exec", "/usr/bin/mkfifo", "planted")
    done = safeexec("--usage", str(rundir / "planted"), "--exec", "/usr/bin/true")
    assert done.returncode == 1
    assert done.stderr.startswith("safeexec: --usage")


@pytest.mark.parametrize("form", ["file", "link"])
def test_report_is_ours_whatever_the_program_puts_in_its_place(
    form: str, rundir: Path, tmp_path: Path
) -> None:
    forged, usage = tmp_path / "forged", rundir / "usage"
    forged.write_text("OK\n")
    lay = "echo OK > usage" if form == "file" else f"ln -s {forged} usage"
    script = f"rm -f usage; {lay}; exit 3"
    options = ["--rundir", str(rundir), "--usage", str(usage), "--nproc", "4"]
    safeexec(*options, "--exec", "/bin/sh", "-c", script)
    assert usage.read_text().startswith("NZEC(3)\n")
    assert forged.read_text() == "OK\n"


def test_devices_take_the_report(tmp_path: Path) -> None:
    done = safeexec("--usage", "/dev/stdout", "--exec", "/usr/bin/true")
    assert done.stdout.startswith("OK\n")
    assert safeexec("--usage", "/dev/null", "--exec", "/usr/bin/true").returncode == 0


def test_rundir_may_lie_below_the_programs_folder(rundir: Path, honest: Path) -> None:
    """A fault once: the program's folder, read-only, was laid over it."""
    program = rundir / "program"
    shutil.copy("/bin/sh", program)
    inner = rundir / "inner"
    inner.mkdir()
    inner.chmod(0o777)
    done = safeexec("--rundir", str(inner), "--exec", str(program), "-c", "echo x > made")
    assert done.stderr.startswith("OK\n"), done.stderr
    assert (inner / "made").read_text() == "x\n"


def test_named_pipe_stays_its_owners(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    command = [*SUDO, str(BINARY), "--exec", "/bin/echo", "through"]
    with open(pipe, "w") as writer:
        subprocess.run(command, stdout=writer, stderr=subprocess.DEVNULL, check=True)
    assert os.read(reader, 100) == b"through\n"
    os.close(reader)
    assert pipe.stat().st_uid == os.geteuid()


def test_user_is_of_one_run_at_a_time() -> None:
    """A fault once: at level restricted the end of one run killed all of its user's."""
    alone = [*SUDO, str(BINARY), "--level", "restricted", "--uids"]
    sleeping = ["7100", "7100", "--clock", "60", "--exec", "/bin/sleep", "60"]
    running = subprocess.Popen([*alone, *sleeping], stderr=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: "sleep" in str(programs_of(running.pid)), 10, "the program runs")
        told = safeexec(
            "--level", "restricted", "--uids", "7100", "7100", "--exec", "/usr/bin/true"
        )
        assert "every user from 7100 to 7100 is in use" in told.stderr
        for _ in range(2):
            options = ["--level", "restricted", "--uids", "7100", "7101", "--nproc", "4"]
            left = safeexec(*options, "--exec", "/bin/sh", "-c", "sleep 60 & exit 0")
            assert left.stderr.startswith("OK\n")
        assert running.poll() is None
    finally:
        running.terminate()
        running.communicate()


def test_silent_says_nothing() -> None:
    assert safeexec("--silent", "--exec", "/usr/bin/true").stderr == ""


@pytest.fixture
def folder(tmp_path: Path, honest: Path) -> Path:
    """A folder that any user may enter, below one that none may, with a program and a file."""
    folder = tmp_path / "engine"
    folder.mkdir()
    folder.chmod(0o755)
    (folder / "data").write_text("found")
    (folder / "program").write_bytes(honest.read_bytes())
    (folder / "program").chmod(0o755)
    return folder


def test_program_of_the_current_folder_runs(folder: Path) -> None:
    assert safeexec("--exec", "./program", cwd=folder).stderr.startswith("OK\n")


def test_program_of_another_folder_runs(folder: Path) -> None:
    assert safeexec("--exec", str(folder / "program"), cwd=Path("/usr")).stderr.startswith("OK\n")


def test_rundir_is_the_current_folder(folder: Path) -> None:
    assert safeexec("--rundir", str(folder), "--exec", "/bin/cat", "data").stdout == "found"


def test_chroot_is_the_root(folder: Path) -> None:
    assert safeexec("--chroot", str(folder), "--exec", "/program").stderr.startswith("OK\n")
    assert "No such file" in safeexec("--chroot", str(folder), "--exec", "/usr/bin/true").stderr


def test_users_come_from_the_range() -> None:
    done = safeexec("--uids", "7000", "7000", "--nproc", "4", "--exec", "/usr/bin/id", "-u")
    assert done.stdout == "7000\n"
    done = safeexec("--minuid", "7001", "--maxuid", "7001", "--exec", "/usr/bin/id", "-u")
    assert done.stdout == "7001\n"


def test_space_bounds_the_address_space() -> None:
    done = safeexec(
        "--mem", "999999", "--space", "100000", "--exec", PYTHON, "-c", "bytearray(200 << 20)"
    )
    assert done.stderr.startswith("NZEC(1)\n")


def test_nproc_bounds_the_processes() -> None:
    script = "import os; os.fork(); os.fork()"
    assert safeexec("--nproc", "4", "--exec", PYTHON, "-c", script).stderr.startswith("OK\n")
    assert safeexec("--nproc", "1", "--exec", PYTHON, "-c", script).stderr.startswith("NZEC(1)\n")


def test_callers_environment_stays_with_the_caller() -> None:
    os.environ["SECRET"] = "word"
    try:
        assert "word" not in safeexec("--exec", "/usr/bin/env").stdout
    finally:
        del os.environ["SECRET"]


MISTAKES = {
    "no command": [],
    "an unknown option": ["--bogus", "--exec", "/bin/true"],
    "a value that is no number": ["--cpu", "soon", "--exec", "/bin/true"],
    "a value out of range": ["--cpu", "99999999999", "--exec", "/bin/true"],
    "a missing value": ["--cpu"],
    "a command that is not there": ["--exec", "/no/such/program"],
    "a folder that is not there": ["--rundir", "/no/such/folder", "--exec", "/bin/true"],
    "root as the user": ["--uids", "0", "0", "--exec", "/bin/true"],
    "too little memory": ["--mem", "1", "--exec", "/bin/true"],
    "no slots": ["--serve", "/tmp/never.sock", "--slots", "0"],
    "an unknown owner": ["--serve", "/tmp/never.sock", "--owner", "no-such-user"],
}


@pytest.mark.parametrize("words", MISTAKES.values(), ids=MISTAKES.keys())
def test_mistake_is_one_line_and_status_1(words: list[str]) -> None:
    done = safeexec(*words)
    assert done.returncode == 1
    assert [line for line in done.stderr.splitlines() if line.startswith("safeexec: ")] == [
        done.stderr.splitlines()[-1]
    ]


def test_nothing_is_left() -> None:
    command = [*SUDO, str(BINARY), "--silent", "--exec", "/bin/sleep", "2"]
    with subprocess.Popen(command) as process:
        wait_until(lambda: bool(programs_of(process.pid)), 5, "the program runs")
        groups = groups_of(process.pid)
    assert not any(group.exists() for group in groups)


def test_setuid_is_refused(tmp_path: Path) -> None:
    copy = tmp_path / "safeexec"
    copy.write_bytes(BINARY.read_bytes())
    copy.chmod(0o4755)
    for path in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        path.chmod(0o755)
    done = subprocess.run(
        [
            "setpriv",
            "--reuid",
            "65534",
            "--regid",
            "65534",
            "--clear-groups",
            str(copy),
            "--exec",
            "/bin/true",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "setuid" in done.stderr


def test_host_without_cgroups_gives_a_weaker_level_and_the_same_streams() -> None:
    """The first attempt fails there half-way; what it had opened is nobody's standard input."""
    script = f"umount -l /sys/fs/cgroup && echo through | {BINARY} --exec /bin/cat"
    command = [*SUDO, "unshare", "-m", "sh", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "through\n"
    assert done.stderr.startswith("OK\n")
    assert "ISOLATION: namespaces\n" in done.stderr
