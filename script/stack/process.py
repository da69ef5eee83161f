"""One service as a child process that does not outlive us."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from stack.rundir import RunFolder

_TAIL_LINES = 30
_STOP_S = 20.0


class ProcessEnded(RuntimeError):
    """A service ended, or did not become ready; the message shows the end of its log."""


class Process:
    """A running child; its output goes to `log`. The kernel ends it when we are gone.

    `user`: who it runs as; only root may name one. `on_our_death`: the signal it gets if we are
    killed. entrance: what becomes the child, in the end, elsewhere: it must exec what follows it.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        folder: RunFolder,
        env: Mapping[str, str],
        cwd: Path,
        user: str | None = None,
        stdin: int = subprocess.DEVNULL,
        on_our_death: signal.Signals = signal.SIGKILL,
        entrance: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.log = folder.path / f"{name}.log"
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                [*entrance, *wrapper(user, on_our_death), *argv],
                stdin=stdin,
                stdout=log,
                stderr=log,
                env=dict(env),
                cwd=cwd,
                # Ctrl-C in the terminal is for us; we then stop the services in their order.
                start_new_session=True,
            )
        folder.record(self._child.pid)

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._child.poll() is None

    def check(self) -> None:
        """Raise ProcessEnded if it is no longer running."""
        if not self.running:
            raise self.failure(f"ended with {_status(self._child.returncode)}")

    def failure(self, what: str) -> ProcessEnded:
        """The error to raise about this process, with the end of its log."""
        return ProcessEnded(f"{self.name} {what}; the end of its log:\n{self.tail()}")

    def tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-_TAIL_LINES:])

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it still runs."""
        if self.running:
            os.kill(self._child.pid, number)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, negative for a signal. Raises ProcessEnded when `timeout` s pass."""
        try:
            return self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            raise self.failure(f"still runs after {timeout:g} s") from None

    def stop(self, timeout: float = _STOP_S) -> None:
        """End it with SIGTERM, or with SIGKILL when `timeout` s pass."""
        self.signal(signal.SIGTERM)
        try:
            self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it with SIGKILL, and wait until it is gone."""
        self.signal(signal.SIGKILL)
        self._child.wait()


def _status(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def wrapper(user: str | None, on_our_death: signal.Signals = signal.SIGKILL) -> list[str]:
    """What stands before a command so that it runs as `user` and gets that signal when we die."""
    identity = ["--reuid", user, "--regid", user, "--clear-groups"] if user else []
    # setpriv changes the user first: to do so clears a death signal that was set before.
    return ["setpriv", *identity, "--pdeathsig", on_our_death.name.removeprefix("SIG"), "--"]


def plain_environment(home: Path) -> dict[str, str]:
    """What every service gets: nothing of our own environment may change how it behaves."""
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(home),
    }
