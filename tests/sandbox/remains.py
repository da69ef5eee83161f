"""What a run could leave on the host: processes, files, IPC objects, cgroups."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from tests.sandbox.service import OPTIONS

SHARED_FOLDERS = ("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run")


def remains(uid: int) -> set[str]:
    """All of a user's, by a line each; and whatever lies in the folder of the boxes."""
    found = {*_files(uid), *_ipc_objects(uid), *_boxes()}
    # At a level that cannot change the user, these would be those of whoever tests.
    return found if uid == os.getuid() else found | set(_processes(uid))


def groups_of(service: int) -> set[Path]:
    """The cgroups below those that a service's process holds open."""
    held = {
        Path(os.readlink(link))
        for link in Path(f"/proc/{service}/fd").iterdir()
        if "/safeexec/" in os.readlink(link)
    }
    return {Path(path) for group in held for path, _, _ in os.walk(group)}


def _processes(uid: int) -> Iterator[str]:
    """Those that no safeexec minds: another service may use the same uids."""
    for process in Path("/proc").glob("[0-9]*"):
        status = _status(int(process.name))
        if str(uid) in status.get("Uid", "").split() and not _is_minded(status):
            yield f"process {process.name} {status['Name']}"


def _is_minded(status: dict[str, str]) -> bool:
    while status and status["PPid"] != "0":
        status = _status(int(status["PPid"]))
        if status.get("Name", "").startswith("safeexec"):
            return True
    return False


def _status(pid: int) -> dict[str, str]:
    # It may end while we look.
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}
    return {}


def mounts() -> Iterator[str]:
    """Where safeexec mounts anything, which none but its own processes may see."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        if line.split()[1].startswith(("/tmp", "/box", "/proc", "/usr")) or "safeexec" in line:
            yield f"mount {line}"


def _files(uid: int) -> Iterator[str]:
    for folder in SHARED_FOLDERS:
        with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):
                    if entry.stat(follow_symlinks=False).st_uid == uid:
                        yield f"file {entry.path}"


def _boxes() -> Iterator[str]:
    if "--work" in OPTIONS:
        work = Path(OPTIONS[OPTIONS.index("--work") + 1])
        yield from (f"file {path}" for path in work.iterdir())


def _ipc_objects(uid: int) -> Iterator[str]:
    for kind in ("shm", "msg", "sem"):
        with contextlib.suppress(FileNotFoundError):
            names, *lines = Path(f"/proc/sysvipc/{kind}").read_text().splitlines()
            for line in lines:
                fields = dict(zip(names.split(), line.split(), strict=False))
                if str(uid) in (fields["uid"], fields["cuid"]):
                    yield f"{kind} {line}"
