"""The `executor` command: what it prints and its exit code."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stack import ExecutorProcess, Frontend, PrivateBroker, Safeexec
from tests.broker.conftest import job, sleeping_job, wait_listening

PROJECT = Path(__file__).parents[2]
NOWHERE = "amqp://user:secret@127.0.0.1:1/"
WORK = {"EXECUTOR_WORK_DIR": "work"}


def executor(folder: Path, *args: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environ = {"PYTHONPATH": str(PROJECT), "PATH": "/usr/bin:/bin", **settings}
    command = [sys.executable, "-m", "executor", *args]
    return subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, timeout=60
    )


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (tmp_path / "sum.in").write_text("1 2\n")
    (tmp_path / "sum.ans").write_text("3\n")
    (tmp_path / "wrong.ans").write_text("4\n")
    path = tmp_path / "sum.py"
    path.write_text("print(sum(map(int, input().split())))\n")
    return path


def test_submit_prints_a_table_and_ends_with_0_if_accepted(
    broker: PrivateBroker, worker: ExecutorProcess, program: Path
) -> None:
    args = ["submit", "sum.py", "--input", "sum.in", "--answer", "sum.ans"]
    done = executor(program.parent, *args, AMQP_URL=broker.url)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("AC")
    assert "CPU ms" in done.stdout


def test_submit_ends_with_1_if_not_accepted_and_prints_json_if_asked(
    broker: PrivateBroker, worker: ExecutorProcess, program: Path
) -> None:
    args = ["submit", "sum.py", "--input", "sum.in", "--answer", "wrong.ans", "--json"]
    done = executor(program.parent, *args, AMQP_URL=broker.url)
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["verdict"] == "WA"


def test_submit_takes_a_whole_job(
    broker: PrivateBroker, worker: ExecutorProcess, program: Path
) -> None:
    job = {"schema": "oj.job/1", "id": "mine", "language": "python3", "source": "", "tests": 7}
    (program.parent / "job.json").write_text(json.dumps(job))
    done = executor(program.parent, "submit", "--job", "job.json", AMQP_URL=broker.url)
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("SE  mine (rejected)\nschema_invalid: 1 problem\n  tests: ")


def test_run_shows_the_output(
    broker: PrivateBroker, worker: ExecutorProcess, program: Path
) -> None:
    args = ["submit", "sum.py", "--mode", "run", "--input", "sum.in"]
    done = executor(program.parent, *args, AMQP_URL=broker.url)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "3"


def test_submit_prints_on_stderr_how_the_job_gets_on_if_asked(
    broker: PrivateBroker, worker: ExecutorProcess, program: Path
) -> None:
    args = ["submit", "sum.py", "--input", "sum.in", "--answer", "sum.ans", "--events", "--json"]
    done = executor(program.parent, *args, AMQP_URL=broker.url)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["verdict"] == "AC"
    *lines, last = done.stderr.splitlines()
    assert {line.split()[0] for line in lines} <= {"received", "compiling", "compiled", "test"}
    assert last == "finished (1 of 1)  AC"


def test_submit_takes_no_event_for_the_result(
    broker: PrivateBroker, worker: ExecutorProcess, program: Path
) -> None:
    (program.parent / "job.json").write_text(json.dumps(job() | {"events": "test"}))
    done = executor(program.parent, "submit", "--job", "job.json", AMQP_URL=broker.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("AC")


def test_cancel_stops_a_running_job(
    broker: PrivateBroker, frontend: Frontend, worker: ExecutorProcess, tmp_path: Path
) -> None:
    wait_listening(worker)
    running = frontend.publish(sleeping_job(80) | {"attempt": 2})
    worker.wait_for("job_received")
    done = executor(tmp_path, "cancel", "s-1", "--attempt", "2", AMQP_URL=broker.url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert frontend.reply(running)["status"] == "cancelled"


@pytest.mark.parametrize(
    ("exchange", "told"),
    [
        ("amq.fanout", "nobody listens to the exchange 'amq.fanout'"),
        ("not-there", "there is no exchange 'not-there': start a worker, which declares it"),
    ],
)
def test_a_cancel_that_nobody_hears_says_so(
    broker: PrivateBroker, tmp_path: Path, exchange: str, told: str
) -> None:
    settings = {"AMQP_URL": broker.url, "AMQP_CONTROL_EXCHANGE": exchange}
    done = executor(tmp_path, "cancel", "s-1", **settings)
    assert (done.returncode, done.stderr) == (2, f"executor: {told}\n")


@pytest.mark.parametrize(
    ("args", "settings", "told"),
    [
        (["submit", "sum.py"], {"AMQP_URL": NOWHERE}, "broker 127.0.0.1:1/: Connection refused"),
        (["submit"], {}, "a source or --job is needed"),
        (["submit", "none.py"], {}, "none.py: No such file or directory"),
        (["submit", "sum.in"], {}, "no language has the suffix '.in'"),
        (["submit", "sum.py", "--input", "sum.in"], {}, "each --input needs its --answer"),
        (["submit", "--job", "sum.py"], {}, "sum.py: not JSON"),
        (["cancel", "a b"], {}, "id: "),
        (["cancel", "s-1", "--attempt", "0"], {}, "attempt: "),
        (["cancel", "s-1"], {"AMQP_URL": NOWHERE}, "broker 127.0.0.1:1/: Connection refused"),
        (["serve"], {"LOG_LEVEL": "loud"}, "LOG_LEVEL: "),
        (["serve"], {"EXECUTOR_WORK_DIR": "/proc/x"}, "EXECUTOR_WORK_DIR: /proc/x: "),
        (
            ["serve"],
            {"EXECUTOR_TESTDATA_DIR": "/proc/x"} | WORK,
            "EXECUTOR_TESTDATA_DIR: /proc/x: ",
        ),
        (["serve"], {"EXECUTOR_PACKAGES_DIR": "sum.py"} | WORK, "EXECUTOR_PACKAGES_DIR: sum.py: "),
        (["serve"], {"EXECUTOR_LANGUAGES": "intercal"} | WORK, "no language 'intercal'"),
        (["serve"], {"EXECUTOR_LANGUAGES_FILE": "none.toml"} | WORK, "none.toml: No such file"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    program: Path, args: list[str], settings: dict[str, str], told: str
) -> None:
    done = executor(program.parent, *args, **settings)
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith("executor: ")
    assert told in last
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr


def test_check_finds_everything_where_a_worker_runs(
    broker: PrivateBroker, safeexec: Safeexec, worker: ExecutorProcess, tmp_path: Path
) -> None:
    wait_listening(worker)
    done = executor(
        tmp_path,
        "check",
        AMQP_URL=broker.url,
        SAFEEXEC_SOCKET=str(safeexec.socket),
        EXECUTOR_LANGUAGES="python3",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["ok"] * 8
    assert "isolation full" in lines[6]


def test_check_names_the_remedy_for_what_is_missing(tmp_path: Path) -> None:
    done = executor(tmp_path, "check", AMQP_URL=NOWHERE, SAFEEXEC_SOCKET="/nonexistent")
    assert done.returncode == 1
    assert done.stdout.count("missing") == done.stdout.count("remedy: ") == 2
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stdout


def test_schema_writes_the_schemas(tmp_path: Path) -> None:
    assert executor(tmp_path, "schema", "--dir", "out").returncode == 0
    assert list((tmp_path / "out").glob("*.json"))


def test_the_version_is_told(tmp_path: Path) -> None:
    assert executor(tmp_path, "--version").stdout.startswith("executor 0.")


def test_languages_shows_those_that_work_and_why_another_does_not(
    safeexec: Safeexec, tmp_path: Path
) -> None:
    text = (PROJECT / "config" / "languages.toml").read_text()
    own = tmp_path / "languages.toml"
    own.write_text(text.replace('puts("hello"); return 0', 'puts("hello"); return 3'))
    settings = {
        "SAFEEXEC_SOCKET": str(safeexec.socket),
        "EXECUTOR_LANGUAGES": "c17,python3",
        "EXECUTOR_LANGUAGES_FILE": str(own),
    }
    shown = executor(tmp_path, "languages", **settings, **WORK)
    assert shown.returncode == 1, shown.stderr
    assert "python3  Python 3  py3   Python 3" in shown.stdout
    assert "withdrawn: c17: its self-test is RTE (exited, exit code 3" in shown.stdout
    listed = executor(tmp_path, "languages", "--json", **settings, **WORK)
    c, python = json.loads(listed.stdout)
    assert (c["id"], c["state"]) == ("c17", "withdrawn")
    assert (python["state"], python["reason"], python["aliases"]) == ("working", None, ["py3"])
    assert python["start_cpu_ms"] > 0


def test_languages_are_untested_without_a_sandbox(tmp_path: Path) -> None:
    settings = {"SAFEEXEC_SOCKET": "/nowhere", "EXECUTOR_LANGUAGES": "python3"}
    shown = executor(tmp_path, "languages", **settings, **WORK)
    assert shown.returncode == 1
    assert "untested: safeexec at /nowhere: No such file" in shown.stdout
    assert shown.stderr == ""
