"""Workers are restarted, added and taken away under load: each job is answered once."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from stack import ExecutorProcess, Frontend, PrivateBroker, RunFolder, Safeexec, wait_until
from stack.paths import PYTHON
from stack.process import Process, plain_environment
from tests.broker.books import settle
from tests.broker.conftest import sleeping_job

pytestmark = pytest.mark.slow

SOON_S = 120
JOBS = 40
CONFIG = """
[supervisord]
nodaemon = true
logfile = {folder}/supervisord.log
pidfile = {folder}/supervisord.pid
user = {root}
[unix_http_server]
file = {folder}/supervisor.sock
[supervisorctl]
serverurl = unix://{folder}/supervisor.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[program:executor]
command = {python} -m executor serve
numprocs = 2
process_name = %(program_name)s-%(process_num)d
environment = {environment}
directory = {home}
user = {user}
stopwaitsecs = 100
redirect_stderr = true
stdout_logfile = {folder}/%(program_name)s-%(process_num)d.log
"""


class Supervised:
    """Two workers under supervisord, as an operator has them. A context manager."""

    def __init__(self, folder: RunFolder, env: Mapping[str, str]) -> None:
        user = "executor" if os.geteuid() == 0 else None
        self._config = folder.path / "supervisord.conf"
        me = folder.path.owner()
        home = folder.make("home", user)
        # A percent sign would be expanded.
        told = {"EXECUTOR_WORK_DIR": f"{home}/%(process_num)d"} | {
            name: value.replace("%", "%%")
            for name, value in (plain_environment(home) | env).items()
        }
        self._config.write_text(
            CONFIG.format(
                folder=folder.path,
                root=me,
                python=PYTHON,
                environment=",".join(f'{name}="{value}"' for name, value in told.items()),
                home=home,
                user=user or me,
            )
        )
        self._config.chmod(0o600)
        self._logs = [folder.path / f"executor-{number}.log" for number in range(2)]
        self._process = Process(
            "supervisord",
            [PYTHON, "-m", "supervisor.supervisord", "-c", self._config],
            folder=folder,
            env=plain_environment(folder.path),
            cwd=folder.path,
            # It stops its workers first, also if we are killed.
            on_our_death=signal.SIGTERM,
        )

    def ctl(self, *args: str) -> str:
        """What `supervisorctl ARGS` prints."""
        done = subprocess.run(
            [PYTHON, "-m", "supervisor.supervisorctl", "-c", self._config, *args],
            capture_output=True,
            text=True,
            timeout=SOON_S,
        )
        return done.stdout

    def wait_ready(self, times: int = 1) -> None:
        """Until each has been ready so many times."""

        def ready() -> bool:
            self._process.check()
            return all(
                log.exists() and log.read_text().count('"worker_ready"') >= times
                for log in self._logs
            )

        wait_until(ready, SOON_S, "both workers are ready")

    def __enter__(self) -> "Supervised":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stop(SOON_S)


@pytest.fixture
def folder() -> Iterator[RunFolder]:
    with RunFolder() as folder:
        yield folder


def test_supervisorctl_restart_under_load_loses_nothing_and_doubles_nothing(
    broker: PrivateBroker, frontend: Frontend, safeexec: Safeexec, folder: RunFolder
) -> None:
    project: Path = folder.snapshot()
    env = {
        "PYTHONPATH": str(project),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AMQP_URL": broker.url,
        "SAFEEXEC_SOCKET": str(safeexec.socket),
        "EXECUTOR_LANGUAGES": "python3",
        "LOG_FORMAT": "json",
    }
    with Supervised(folder, env) as supervised:
        supervised.wait_ready()
        jobs = [frontend.publish(sleeping_job(0.5, f"s-{number}")) for number in range(JOBS)]
        frontend.reply(jobs[5], SOON_S)
        assert supervised.ctl("restart", "executor:*").count("started") == 2
        supervised.wait_ready(2)
        found = settle(broker, frontend, jobs, [], SOON_S)
        assert supervised.ctl("status").count("RUNNING") == 2
    assert [len(same) for same in found] == [1] * JOBS
    assert not any(reply["redelivered"] for [reply] in found)


def test_scaling_from_one_to_five_to_two_under_load_loses_nothing_and_doubles_nothing(
    broker: PrivateBroker, frontend: Frontend, folder: RunFolder
) -> None:
    with contextlib.ExitStack() as stack:
        sandbox = stack.enter_context(Safeexec(folder, 5))

        def start(number: int) -> ExecutorProcess:
            return stack.enter_context(
                ExecutorProcess(
                    folder,
                    amqp_url=broker.url,
                    socket=sandbox.socket,
                    name=f"scaled-{number}",
                    languages=["python3"],
                )
            )

        workers = [start(1).wait_ready()]
        jobs: list[str] = []

        def publish() -> None:
            jobs.append(frontend.publish(sleeping_job(0.5, f"s-{len(jobs)}")))

        def all_busy() -> bool:
            frontend.receive(0.2)
            publish()
            return all(worker.events("job_received") for worker in workers)

        for _ in range(5):
            publish()
        frontend.reply(jobs[0], SOON_S)
        workers += [start(number) for number in range(2, 6)]
        wait_until(all_busy, SOON_S, "all five judge")
        for worker in workers[2:]:
            worker.terminate()
        assert [worker.wait(SOON_S) for worker in workers[2:]] == [0, 0, 0]
        found = settle(broker, frontend, jobs, workers[:2], SOON_S)
    assert [len(same) for same in found] == [1] * len(jobs)
    assert not any(reply["redelivered"] for [reply] in found)
