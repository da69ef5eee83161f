"""A sandbox for a command: one that runs already, or one of its own for a while."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from executor.sandbox import Sandbox, SandboxUnavailable

SLOTS = 2
READY_S = 30.0
STOP_S = 20.0
BUSY_S = 2.0
"""A running safeexec that has no slot to spare for so long is left to whom it serves."""

MAX_SOCKET_BYTES = 100
_OWN = Path(__file__).resolve().parent.parent / "safeexec" / "safeexec"


@contextlib.contextmanager
def local_sandbox(socket: Path) -> Iterator[Sandbox]:
    """The sandbox behind `socket` if it answers, else one that is stopped afterwards.

    It runs as we do: with all its walls for root, at level `user` for others.
    Raises SandboxUnavailable.
    """
    running = Sandbox(socket, BUSY_S)
    try:
        running.slot().close()
    except SandboxUnavailable as error:
        with _own_sandbox(str(error)) as sandbox:
            yield sandbox
    else:
        yield Sandbox(socket)


@contextlib.contextmanager
def _own_sandbox(why: str) -> Iterator[Sandbox]:
    program = _program()
    if program is None:
        raise SandboxUnavailable(f"{why}, and there is no safeexec here: build or install it")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(_short_folder()))
        log = stack.enter_context((folder / "log").open("wb"))
        process = subprocess.Popen(
            [*_ending_with_us(), program, "--serve", folder / "socket", "--slots", str(SLOTS)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl-C in the terminal is for us; then we stop it.
            start_new_session=True,
        )
        stack.callback(_stop, process)
        sandbox = Sandbox(folder / "socket")
        _wait_ready(sandbox, process, folder / "log")
        yield sandbox


def _program() -> str | None:
    """The one of the clone fits it; an installation has one in its PATH."""
    return str(_OWN) if os.access(_OWN, os.X_OK) else shutil.which("safeexec")


def _short_folder() -> "tempfile.TemporaryDirectory[str]":
    """Where a socket may lie: its path is bounded."""
    folder = tempfile.TemporaryDirectory(prefix="executor-judge-")
    if len(os.fsencode(f"{folder.name}/socket")) <= MAX_SOCKET_BYTES:
        return folder
    folder.cleanup()
    return tempfile.TemporaryDirectory(prefix="executor-judge-", dir="/tmp")


def _ending_with_us() -> list[str]:
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []


def _wait_ready(sandbox: Sandbox, process: "subprocess.Popen[bytes]", log: Path) -> None:
    attempts = Retrying(
        retry=retry_if_exception_type(_NotReady),
        stop=stop_after_delay(READY_S),
        wait=wait_fixed(0.02),
        reraise=True,
    )
    attempts(_look, sandbox, process, log)


class _NotReady(SandboxUnavailable):
    """It has not opened its socket yet."""


def _look(sandbox: Sandbox, process: "subprocess.Popen[bytes]", log: Path) -> None:
    if process.poll() is not None:
        said = log.read_text(errors="replace").strip().splitlines() or ["it ended"]
        raise SandboxUnavailable(
            f"no sandbox: {said[-1]}; `safeexec --check` tells what is missing"
        )
    try:
        sandbox.slot().close()
    except SandboxUnavailable as error:
        raise _NotReady(str(error)) from None


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
