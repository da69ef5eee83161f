"""A bare client of `safeexec --serve`: packets and descriptors, nothing in between.

The executor has its own (`executor.sandbox`); this one can also say what that one never would.
"""

import os
import socket
from collections.abc import Mapping
from pathlib import Path

SOCKET_TIMEOUT_S = 60

DEFAULT_LIMITS = {
    "cpu_ms": 2000,
    "wall_ms": 10000,
    "memory_kib": 65536,
    "stack_kib": 65536,
    "output_kib": 1024,
    "processes": 1,
}


def pack(*strings: str) -> bytes:
    return b"".join(string.encode() + b"\0" for string in strings)


def unpack(packet: bytes) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in packet.decode().split("\0") if pair)


class Connection:
    """One connection, and so one slot."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(SOCKET_TIMEOUT_S)
        self.socket.connect(str(path))
        self.hello = unpack(self.socket.recv(4096))

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, packet: bytes, descriptors: list[int]) -> None:
        socket.send_fds(self.socket, [packet], descriptors)

    def receive_with_box(self) -> tuple[dict[str, str], list[int]]:
        """The answer, and the descriptor of the box's folder if one came: the caller closes it."""
        packet, descriptors, _, _ = socket.recv_fds(self.socket, 4096, 4)
        return unpack(packet), descriptors

    def receive(self) -> dict[str, str]:
        """The answer; the box's folder, if one came, is closed."""
        answer, descriptors = self.receive_with_box()
        for descriptor in descriptors:
            os.close(descriptor)
        return answer

    def start(
        self,
        argv: list[str],
        *,
        files: Mapping[str, Path] | None = None,
        limits: Mapping[str, int] | None = None,
        env: Mapping[str, str] | None = None,
        profile: str = "run",
        stdout: int | None = None,
        stderr: int | None = None,
    ) -> None:
        """Sends a run; stdin is /dev/null, and stdout and stderr are unless they are given."""
        files = files or {}
        packet = pack(
            "run",
            f"profile={profile}",
            *(f"{key}={value}" for key, value in (DEFAULT_LIMITS | dict(limits or {})).items()),
            *(f"arg={word}" for word in argv),
            *(f"env={name}={value}" for name, value in (env or {}).items()),
            *(f"file=x:{name}" for name in files),
        )
        null = os.open("/dev/null", os.O_RDWR)
        opened = [os.open(path, os.O_RDONLY) for path in files.values()]
        try:
            streams = [null, *(null if one is None else one for one in (stdout, stderr))]
            self.send(packet, [*streams, *opened])
        finally:
            for descriptor in (null, *opened):
                os.close(descriptor)

    def run(self, argv: list[str], **options: object) -> dict[str, str]:
        self.start(argv, **options)  # type: ignore[arg-type]
        return self.receive()
