"""The workers of this host, each asked how it is at its socket in the work folder."""

import http.client
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from pydantic import ValidationError

from executor.endpoints import FOLDER, in_folder
from executor.status import WorkerStatus

ANSWER_S = 3.0
MAX_ANSWER_BYTES = 1024 * 1024
_AT_ONCE = 16


class RollError(Exception):
    """The workers cannot be asked; the text is one line that tells why."""


@dataclass(frozen=True, slots=True)
class Silent:
    """A worker that gives no answer."""

    name: str
    reason: str


def call_roll(work_dir: Path) -> list[WorkerStatus | Silent]:
    """All workers with this work folder, by name; takes a few seconds at most. Raises RollError."""
    folder = work_dir / FOLDER
    try:
        paths = sorted(folder / name for name in os.listdir(folder))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RollError(
            f"EXECUTOR_WORK_DIR: {folder}: {(error.strerror or '').lower()}:"
            " be root, or the workers' user"
        ) from None
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(_ask, paths))


def _ask(path: Path) -> WorkerStatus | Silent:
    name = unquote(path.name.rpartition(".")[0])
    try:
        return WorkerStatus.model_validate_json(_get(path, "/status"))
    except (ConnectionRefusedError, FileNotFoundError):
        return Silent(name, "has ended, and could not say so: killed?")
    except TimeoutError:
        return Silent(name, f"gives no answer in {ANSWER_S:g} s: stopped?")
    except (OSError, http.client.HTTPException, ValidationError) as error:
        text = str(error) or type(error).__name__
        return Silent(name, f"gives no answer that we understand: {text.splitlines()[0]}")


def _get(path: Path, target: str) -> bytes:
    connection = _UnixConnection(path)
    try:
        connection.request("GET", target)
        return connection.getresponse().read(MAX_ANSWER_BYTES)
    finally:
        connection.close()


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=ANSWER_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(ANSWER_S)
        with in_folder(self._path) as address:
            self.sock.connect(address)
