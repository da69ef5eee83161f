"""The client of `safeexec --serve`: runs one program in a slot and reports facts, no opinions.

A connection to safeexec's socket is a slot. A run is one packet there, with the descriptors of its
standard streams and files, and one packet back. Both output streams are pipes that are read while
the program runs; nothing of them is kept here, so a program may write more than we have memory.
"""

import contextlib
import fcntl
import math
import os
import selectors
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from io import FileIO
from pathlib import Path
from typing import Literal, Self

from executor.box import Box

PACKET_BYTES = 64 * 1024
"""The longest request or answer of the protocol."""

_PIPE_BYTES = 1024 * 1024
_CHUNK_BYTES = 256 * 1024
_HELLO_S = 0.001
"""In which a slot that is free says so: less than one needs that is getting ready."""
_NUMBERS = (
    "exit_code",
    "signal",
    "cpu_us",
    "wall_us",
    "memory_kib",
    "preemptions",
)

Sink = Callable[[memoryview], None]
"""Takes the next bytes of a stream. They are valid during the call only."""


class SandboxUnavailable(Exception):
    """safeexec cannot be reached, or no slot became free in time."""


class NoFreeSlot(SandboxUnavailable):
    """There are too few slots for all who want one: two a worker are enough."""


class SandboxFault(Exception):
    """safeexec failed in a run, or the connection broke. It says nothing about the program."""


class RequestRefused(Exception):
    """safeexec did not understand a request: a fault of the caller."""


class NotExecutable(RequestRefused):
    """There is no such program in the box, or the kernel does not take it for one."""


class Killed(Exception):
    """The kill switch was pulled: the run has no outcome."""


class Ending(StrEnum):
    """How a run ended; all but the first two were safeexec's doing."""

    EXITED = "exited"
    SIGNALLED = "signalled"
    CPU = "cpu"
    WALL = "wall"
    MEMORY = "memory"
    OUTPUT = "output"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class RunLimits:
    """What one run may use. `output_kib` bounds stdout, each file, and all files together."""

    cpu_ms: int
    wall_ms: int
    memory_kib: int
    stack_kib: int
    output_kib: int
    processes: int


@dataclass(frozen=True, slots=True)
class BoxFile:
    """A file of ours, copied into the box under a relative `name` before the program starts.

    mode: what the program may do with it: read, execute too, write too.
    """

    name: str
    path: Path
    mode: Literal["r", "x", "w"] = "r"


@dataclass(frozen=True, slots=True)
class RunSpec:
    """One run: `argv[0]` is an absolute path, or `./name` in the box, which is the current folder.

    At most 256 arguments, 64 variables, 240 files; all of it encoded fits into 64 KiB.
    """

    argv: tuple[str, ...]
    limits: RunLimits
    env: Mapping[str, str] = field(default_factory=dict)
    files: tuple[BoxFile, ...] = ()
    profile: Literal["run", "compile"] = "run"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did. A context manager: leaving it closes the box, which holds memory.

    exit_code: 0 unless `ending` is EXITED. signal: 0 if none ended it.
    cpu_us: CPU time of all its processes; wall_us: by the clock; memory_kib: peak of all together.
    box: its folder as the run left it. call: the forbidden system call, if it is known.
    preemptions: how often it lost its CPU to somebody else.
    """

    ending: Ending
    exit_code: int
    signal: int
    cpu_us: int
    wall_us: int
    memory_kib: int
    box: Box
    call: str = ""
    preemptions: int = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.box.close()


class KillSwitch:
    """Ends the runs that watch it, from any thread, for good. A context manager."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pulled = False
        self._event = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pulled(self) -> bool:
        """Whether it was pulled."""
        return self._pulled

    def pull(self) -> None:
        """Ends the run now, or the next one as soon as it starts. Once closed, does nothing."""
        with self._lock:
            self._pulled = True
            if self._event >= 0:
                os.eventfd_write(self._event, 1)

    def close(self) -> None:
        """Lets go of its descriptor: no run watches it any more."""
        with self._lock:
            if self._event >= 0:
                os.close(self._event)
                self._event = -1

    def fileno(self) -> int:
        """Readable once pulled."""
        return self._event


class Sandbox:
    """Where slots come from: the socket of a `safeexec --serve`."""

    def __init__(self, socket_path: Path, connect_timeout_s: float = 10.0) -> None:
        self._path = socket_path
        self._timeout_s = connect_timeout_s

    def is_up(self) -> bool:
        """Whether somebody listens there; takes a second at most. A free slot greets in vain."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
            probe.settimeout(1)
            try:
                probe.connect(os.fspath(self._path))
            except OSError:
                return False
            return True

    def slot(self, switch: KillSwitch | None = None) -> "Slot":
        """A slot of one's own, to be closed.

        Raises SandboxUnavailable; NoFreeSlot if safeexec is there and none is free in time.
        """
        connection = self._connect(self._timeout_s)
        try:
            return _greeted(connection, switch)
        except TimeoutError:
            raise NoFreeSlot(
                f"safeexec at {self._path}: no slot became free in {self._timeout_s:g} s"
            ) from None
        except OSError as error:
            raise self._unavailable(error) from error

    def free_slot(self, switch: KillSwitch) -> "Slot | None":
        """The same, if there is one at this moment."""
        with contextlib.suppress(SandboxUnavailable, OSError):
            return _greeted(self._connect(_HELLO_S), switch)
        return None

    def _connect(self, timeout_s: float) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.settimeout(timeout_s)
        try:
            connection.connect(os.fspath(self._path))
        except OSError as error:
            connection.close()
            raise self._unavailable(error) from error
        return connection

    def _unavailable(self, error: OSError) -> SandboxUnavailable:
        return SandboxUnavailable(f"safeexec at {self._path}: {error.strerror or error}")


class Slot:
    """One connection to safeexec. Its runs come one after another, from one thread.

    was_used: it has had a run, and needs some milliseconds to get ready for another one.
    """

    def __init__(
        self, connection: socket.socket, hello: Mapping[str, str], switch: KillSwitch | None
    ) -> None:
        self._connection = connection
        self._switch = KillSwitch() if switch is None else switch
        self._owns_switch = switch is None
        self.was_used = False
        self.isolation = hello.get("isolation")
        self.version = hello.get("safeexec")
        told = hello.get("slots", "")
        self.slots = int(told) if told.isdecimal() else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives the slot back; a run still going in it is killed."""
        self._connection.close()
        if self._owns_switch:
            self._switch.close()

    def run(self, spec: RunSpec, stdin: Path | None, stdout: Sink, stderr: Sink) -> Outcome:
        """Runs a program with the file `stdin` (None: nothing to read) to its end.

        Raises Killed; SandboxFault, after which the slot is to be closed; RequestRefused.
        """
        with contextlib.ExitStack() as stack:
            # A description of its own for each run: programs move the offset of theirs.
            source = stack.enter_context((stdin or Path(os.devnull)).open("rb", buffering=0))
            reader, writer = _pipe(stack)
            stream = _Stream(reader, stdout, spec.limits.output_kib * 1024)
            return self._run(spec, source, writer, (stream,), stderr)

    def run_between(self, spec: RunSpec, stdin: FileIO, stdout: FileIO, stderr: Sink) -> Outcome:
        """Runs a program between two pipes of the caller's; both are closed once it has them.

        Nobody counts what it writes. Raises as `run`.
        """
        with stdin, stdout:
            return self._run(spec, stdin, stdout, (), stderr)

    def _run(
        self,
        spec: RunSpec,
        stdin: FileIO,
        stdout: FileIO,
        streams: tuple["_Stream", ...],
        stderr: Sink,
    ) -> Outcome:
        if self._switch.pulled:
            raise Killed
        self.was_used = True
        with contextlib.ExitStack() as stack:
            err, err_writer = _pipe(stack)
            # Complaints are not output: they are drained, however many.
            streams += (_Stream(err, stderr, math.inf),)
            try:
                _send(self._connection, spec, (stdin, stdout, err_writer))
                # Only then is the end of a stream seen when the program has ended.
                for file in (stdin, stdout, err_writer):
                    file.close()
                return _Attendance(self._connection, self._switch, streams).outcome()
            except ConnectionError as error:
                raise SandboxFault(f"the connection to safeexec broke: {error}") from error


def _greeted(connection: socket.socket, switch: KillSwitch | None) -> Slot:
    """The slot behind a connection, once it has said hello. Raises OSError."""
    try:
        hello = connection.recv(PACKET_BYTES)
        if not hello:
            raise ConnectionResetError("it closed the connection")
        connection.settimeout(None)
    except OSError:
        connection.close()
        raise
    return Slot(connection, _fields(hello), switch)


class _Stream:
    """The reader's end of a pipe, where bytes are counted and passed on."""

    def __init__(self, pipe: FileIO, sink: Sink, limit: float) -> None:
        self.descriptor = pipe.fileno()
        self.over = False
        self._sink = sink
        self._left = limit

    def read(self, buffer: memoryview) -> bool:
        """Takes one chunk if there is one now; False at the end, or if there is none."""
        try:
            size = os.readv(self.descriptor, [buffer])
        except BlockingIOError:
            return False
        if size > self._left:
            self.over = True
        passed = size if size <= self._left else int(self._left)
        self._left -= passed
        if passed:
            self._sink(buffer[:passed])
        return size > 0


class _Attendance:
    """Attends to one run: reads its streams, kills it when it must, takes the answer."""

    def __init__(
        self, connection: socket.socket, switch: KillSwitch, streams: tuple[_Stream, ...]
    ) -> None:
        self._connection = connection
        self._switch = switch
        self._streams = streams
        self._killing = False
        self._buffer = memoryview(bytearray(_CHUNK_BYTES))

    def outcome(self) -> Outcome:
        self._read_until_answered()
        answer, box = _receive(self._connection)
        # safeexec answers when every process is dead: what the pipes hold now is all there is.
        for stream in self._streams:
            while stream.read(self._buffer):
                pass
        try:
            return self._decode(answer, box)
        except BaseException:
            if box is not None:
                box.close()
            raise

    def _read_until_answered(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._connection, selectors.EVENT_READ)
            selector.register(self._switch, selectors.EVENT_READ)
            for stream in self._streams:
                selector.register(stream.descriptor, selectors.EVENT_READ, stream)
            while True:
                for key, _ in selector.select():
                    if isinstance(key.data, _Stream):
                        self._take(key.data, selector)
                    elif key.fileobj is self._connection:
                        return
                    else:
                        selector.unregister(self._switch)
                        self._kill()

    def _take(self, stream: _Stream, selector: selectors.BaseSelector) -> None:
        if not stream.read(self._buffer):  # its end: the selector said there is something
            selector.unregister(stream.descriptor)
        if stream.over:
            self._kill()

    def _kill(self) -> None:
        if not self._killing:
            self._killing = True
            self._connection.send(b"kill\0")

    def _decode(self, answer: Mapping[str, str], box: Box | None) -> Outcome:
        if "error" in answer:
            fault = {"request": RequestRefused, "program": NotExecutable}.get(
                answer.get("fault", ""), SandboxFault
            )
            raise fault(f"safeexec: {answer['error']}")
        if box is None:
            raise SandboxFault("safeexec sent an answer without the box's folder")
        try:
            numbers = {name: int(answer[name]) for name in _NUMBERS}
            ending, call = self._ending(answer["outcome"]), answer.get("call", "")
            return Outcome(ending=ending, box=box, call=call, **numbers)
        except (KeyError, ValueError) as error:
            raise SandboxFault(f"safeexec sent an answer that is none: {error}") from error

    def _ending(self, told: str) -> Ending:
        if told == "killed" and self._switch.pulled:
            raise Killed
        # A stream may also go over its limit with the last bytes, after the program's end.
        if any(stream.over for stream in self._streams):
            return Ending.OUTPUT
        return Ending(told)


def _pipe(stack: contextlib.ExitStack) -> tuple[FileIO, FileIO]:
    """A pipe that is closed with the stack, its reader non-blocking."""
    read_end, write_end = os.pipe2(os.O_CLOEXEC)
    reader = stack.enter_context(FileIO(read_end, "rb"))
    writer = stack.enter_context(FileIO(write_end, "wb"))
    os.set_blocking(read_end, False)
    # A user's pipes may hold 64 MiB together; beyond, the default of 64 KiB has to do.
    with contextlib.suppress(PermissionError):
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return reader, writer


def _send(connection: socket.socket, spec: RunSpec, stdio: tuple[FileIO, ...]) -> None:
    packet = _encode(spec)
    if len(packet) > PACKET_BYTES:
        raise RequestRefused(f"the request has {len(packet)} bytes, {PACKET_BYTES} at most")
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(file.path.open("rb", buffering=0)) for file in spec.files]
        descriptors = [file.fileno() for file in (*stdio, *files)]
        socket.send_fds(connection, [packet], descriptors)


def _encode(spec: RunSpec) -> bytes:
    limits = spec.limits
    fields = ["run", f"profile={spec.profile}"]
    fields += [f"{name}={getattr(limits, name)}" for name in limits.__slots__]
    fields += [f"arg={argument}" for argument in spec.argv]
    fields += [f"env={name}={value}" for name, value in spec.env.items()]
    fields += [f"file={file.mode}:{file.name}" for file in spec.files]
    # A NUL would end the field, and what follows it would be a field of a stranger's.
    if any("\0" in field for field in fields):
        raise RequestRefused("a NUL in an argument, a variable or a name")
    return "".join(f"{field}\0" for field in fields).encode()


def _receive(connection: socket.socket) -> tuple[dict[str, str], Box | None]:
    flags = socket.MSG_CMSG_CLOEXEC
    packet, descriptors, _, _ = socket.recv_fds(connection, PACKET_BYTES, 1, flags)
    if not packet:
        raise ConnectionResetError("it was closed in a run")
    return _fields(packet), Box(descriptors[0]) if descriptors else None


def _fields(packet: bytes) -> dict[str, str]:
    """`a=1\\0b=2\\0` as a mapping."""
    strings = packet.decode(errors="replace").split("\0")
    return dict(text.split("=", 1) for text in strings if "=" in text)
