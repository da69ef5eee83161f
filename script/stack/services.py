"""The sandbox and the workers as processes, and all of it together as one stack."""

import contextlib
import os
import pwd
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from stack.broker import PrivateBroker
from stack.events import events
from stack.frontend import wait_until
from stack.paths import PYTHON, SAFEEXEC
from stack.process import Process, plain_environment
from stack.rundir import RunFolder

_SANDBOX_READY_S = 30.0
_WORKER_READY_S = 180.0
SLOTS_EACH = 2
"""A worker needs a second slot for an interactor."""
_AS_ROOT = os.geteuid() == 0
_WORKER_USER = "executor" if _AS_ROOT else pwd.getpwuid(os.geteuid()).pw_name

# For an ordinary user sudo stands between us and safeexec, and hides our death from it. So a
# watcher beside it reads from a pipe that only we hold open: its end is our end.
_ENDS_WITH_US = 'exec 3<&0 </dev/null; (read -r _ <&3; kill -TERM $$) & exec "$@" 3<&-'


class Safeexec:
    """`safeexec --serve`; it takes connections at `socket` once it is made. A context manager."""

    name = "safeexec"

    def __init__(self, folder: RunFolder, slots: int = 1, options: Sequence[str] = ()) -> None:
        self.socket = folder.make("safeexec") / "socket"
        self._folder = folder
        self._argv = [str(SAFEEXEC), "--serve", str(self.socket)]
        self._argv += ["--slots", str(slots), "--owner", _WORKER_USER, *options]
        self._pipe: int | None = None
        self.start()

    def start(self) -> None:
        """Start it, also once it has ended; returns when it takes connections."""
        argv, stdin = self._argv, subprocess.DEVNULL
        if not _AS_ROOT:
            argv = ["sudo", "-n", "sh", "-c", _ENDS_WITH_US, "sh", *argv]
            stdin, self._pipe = os.pipe()
        try:
            self._process = Process(
                self.name,
                argv,
                folder=self._folder,
                env=plain_environment(self._folder.path),
                cwd=self._folder.path,
                stdin=stdin,
                # It removes its cgroups before it ends.
                on_our_death=signal.SIGTERM,
            )
        finally:
            if stdin >= 0:
                os.close(stdin)
        try:
            wait_until(self._takes_connections, _SANDBOX_READY_S, "safeexec takes connections")
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """Of safeexec itself; for an ordinary user of the sudo before it."""
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.running

    @property
    def log(self) -> Path:
        return self._process.log

    def check(self) -> None:
        """Raise ProcessEnded if it is no longer running."""
        self._process.check()

    def kill(self) -> None:
        """End it with SIGKILL, and wait until it is gone. As root only."""
        self._process.kill()

    def close(self) -> None:
        """Stop it, and with it whatever runs in its slots."""
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None
            self._process.wait(_SANDBOX_READY_S)
        self._process.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _takes_connections(self) -> bool:
        self.check()
        # Only its owner may connect, and we may be another user: root may always.
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
            return probe.connect_ex(str(self.socket)) == 0


class ExecutorProcess:
    """One worker, `executor serve`, in a process of its own. A context manager.

    Its log is JSON lines. `languages`: the ids it is to offer; all by default, which costs more
    time at its start. `env` adds settings or changes them. `entrance` as Process has it.
    """

    def __init__(
        self,
        folder: RunFolder,
        *,
        amqp_url: str,
        socket: Path,
        name: str = "executor-1",
        languages: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        entrance: Sequence[str] = (),
    ) -> None:
        self.name = name
        self._entrance = entrance
        user = _WORKER_USER if _AS_ROOT else None
        home = folder.make(name, user)
        work = home / "work"
        project = folder.snapshot()
        settings = {
            "PYTHONPATH": str(project),
            "PYTHONDONTWRITEBYTECODE": "1",
            "AMQP_URL": amqp_url,
            "SAFEEXEC_SOCKET": str(socket),
            "EXECUTOR_NAME": name,
            "EXECUTOR_WORK_DIR": str(work),
            "EXECUTOR_LANGUAGES_FILE": str(project / "config" / "languages.toml"),
            "LOG_FORMAT": "json",
            "LOG_LEVEL": "info",
        }
        if languages:
            settings["EXECUTOR_LANGUAGES"] = ",".join(languages)
        self.home = home
        self._folder = folder
        self._env = plain_environment(home) | settings | dict(env or {})
        self.start()

    def start(self) -> None:
        """Start it, also once it has ended: in the same folder, with the same log."""
        self._process = Process(
            self.name,
            [PYTHON, "-m", "executor", "serve"],
            folder=self._folder,
            env=self._env,
            cwd=self.home,
            user=_WORKER_USER if _AS_ROOT else None,
            entrance=self._entrance,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.running

    @property
    def log(self) -> Path:
        return self._process.log

    def events(self, name: str | None = None) -> list[dict[str, Any]]:
        """The events logged up to now, or those of one name (`worker_ready`, `job_finished`...)."""
        log = self.log.read_text(errors="replace")
        return [e for e in events(log) if name is None or e.get("event") == name]

    def wait_for(self, event: str, count: int = 1, timeout: float = _WORKER_READY_S) -> None:
        """Wait until it has logged that event `count` times.

        Raises ProcessEnded if it ends first, or when `timeout` s pass.
        """

        def logged() -> bool:
            enough = len(self.events(event)) >= count
            if not enough:
                self.check()
            return enough

        try:
            wait_until(logged, timeout, f"{self.name} logs {event}")
        except TimeoutError as error:
            raise self._process.failure(str(error)) from None

    def wait_ready(self) -> Self:
        """Wait until it takes jobs for the first time. Raises ProcessEnded."""
        self.wait_for("worker_ready")
        return self

    def check(self) -> None:
        """Raise ProcessEnded if it is no longer running."""
        self._process.check()

    def terminate(self) -> None:
        """Ask it to finish its job and stop (SIGTERM); does not wait."""
        self._process.signal(signal.SIGTERM)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it still runs."""
        self._process.signal(number)

    def wait(self, timeout: float = 60) -> int:
        """Its exit status, negative for a signal. Raises ProcessEnded when `timeout` s pass."""
        return self._process.wait(timeout)

    def kill(self) -> None:
        """End it with SIGKILL, and wait until it is gone."""
        self._process.kill()

    def close(self) -> None:
        """Stop it: by SIGTERM, and by SIGKILL if a job keeps it longer than that may take."""
        self._process.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Stack:
    """A broker, the sandbox and ready workers. A context manager.

    Without `amqp_url` the broker is a private one.
    """

    def __init__(
        self,
        workers: int = 1,
        *,
        amqp_url: str | None = None,
        languages: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._open = contextlib.ExitStack()
        with contextlib.ExitStack() as opening:
            folder = opening.enter_context(RunFolder())
            self.broker = None if amqp_url else opening.enter_context(PrivateBroker())
            self.amqp_url = amqp_url or (self.broker.url if self.broker else "")
            self.safeexec = opening.enter_context(Safeexec(folder, SLOTS_EACH * workers))
            self.workers = [
                opening.enter_context(
                    ExecutorProcess(
                        folder,
                        amqp_url=self.amqp_url,
                        socket=self.safeexec.socket,
                        name=f"executor-{number}",
                        languages=languages,
                        env=env,
                    )
                )
                for number in range(1, workers + 1)
            ]
            for worker in self.workers:
                worker.wait_ready()
            self._open = opening.pop_all()

    def check(self) -> None:
        """Raise ProcessEnded if any part is no longer running."""
        if self.broker is not None:
            self.broker.check()
        self.safeexec.check()
        for worker in self.workers:
            worker.check()

    def close(self) -> None:
        """Stop the workers together, then what they lean on."""
        for worker in self.workers:
            worker.terminate()
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
