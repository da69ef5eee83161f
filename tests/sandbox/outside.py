"""What lies outside the box, and what no attack may reach: secrets, sockets, a process, huge pages.

Programs find them by the variables of `environment`.
"""

import contextlib
import os
import select
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

SECRET = "the-secret-of-this-host"
HUGE_PAGES = Path("/proc/sys/vm/nr_hugepages")


class Outside:
    """A folder that everybody may read and write, but for one file; sockets; a process."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="outside-", dir="/var/tmp"))
        self.folder.chmod(0o777)
        self.secret = self.folder / "secret"
        for name, mode in (("secret", 0o666), ("root-only", 0o600)):
            (self.folder / name).write_text(f"{SECRET}\n")
            (self.folder / name).chmod(mode)
        self.abstract = self.folder.name
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.listeners = [self.tcp, self.udp]
        for kind, name in ((socket.SOCK_STREAM, "stream"), (socket.SOCK_DGRAM, "dgram")):
            self._listen(kind, str(self.folder / name))
            (self.folder / name).chmod(0o777)
            self._listen(kind, f"\0{self.abstract}-{name}")
        self.victim = self._start_victim()
        self.reserved = HUGE_PAGES.read_text() == "0\n" and self._reserve_huge_pages(4)
        self.names = sorted(os.listdir(self.folder))

    def _listen(self, kind: socket.SocketKind, address: str) -> None:
        listener = socket.socket(socket.AF_UNIX, kind)
        listener.bind(address)
        if kind == socket.SOCK_STREAM:
            listener.listen()
        self.listeners.append(listener)

    def _start_victim(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(["sleep", "86400"])

    @staticmethod
    def _reserve_huge_pages(number: int) -> bool:
        """False where we may not: what nobody has set aside, nobody can take."""
        with contextlib.suppress(OSError):
            HUGE_PAGES.write_text(str(number))
            return True
        return False

    def environment(self) -> dict[str, str]:
        return {
            "HOST_FOLDER": str(self.folder),
            "HOST_ABSTRACT": self.abstract,
            "HOST_TCP": str(self.tcp.getsockname()[1]),
            "HOST_UDP": str(self.udp.getsockname()[1]),
            "HOST_PID": str(self.victim.pid),
        }

    def harm(self) -> list[str]:
        """What was done out here; made good, so that the next attack finds it whole."""
        found = []
        for listener in select.select(self.listeners, [], [], 0)[0]:
            found.append(f"somebody reached {listener.getsockname()!r}")
            if listener.type == socket.SOCK_STREAM:
                listener.accept()[0].close()
            else:
                listener.recv(1)
        if self.victim.poll() is not None:
            found.append("the process outside was killed")
            self.victim = self._start_victim()
        if sorted(os.listdir(self.folder)) != self.names:
            found.append(f"the folder outside was changed: {os.listdir(self.folder)}")
            for name in set(os.listdir(self.folder)) - set(self.names):
                (self.folder / name).unlink()
        if self.secret.read_text() != f"{SECRET}\n":
            found.append("the file outside was written")
            self.secret.write_text(f"{SECRET}\n")
        return found

    def close(self) -> None:
        for listener in self.listeners:
            listener.close()
        self.victim.kill()
        self.victim.wait()
        if self.reserved:
            self._reserve_huge_pages(0)
        shutil.rmtree(self.folder)
