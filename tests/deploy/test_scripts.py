"""script/server and script/setup as a user meets them: what they print, and what they leave."""

import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import pytest

from stack import Frontend, PrivateBroker, RunFolder, wait_until
from stack.paths import ROOT

READY_S = 240
GONE_S = 40
HELLO = {
    "schema": "oj.job/1",
    "id": "hello",
    "mode": "run",
    "language": "python3",
    "source": "print('hello')",
    "tests": [{"id": "1", "input": {"text": ""}}],
}


class Server:
    """A running script/server in a $TMPDIR of its own, so that what it leaves can be told."""

    def __init__(
        self, tmp: Path, env: Mapping[str, str], command: Sequence[str] = ("script/server",)
    ) -> None:
        tmp.chmod(0o755)
        self.tmp = tmp
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"TMPDIR": str(tmp)} | env,
            text=True,
            start_new_session=True,
        )
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._errors: list[str | None] = []
        self._readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, self._lines.put)),
            threading.Thread(target=self._read, args=(self.process.stderr, self._errors.append)),
        ]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(pipe: IO[str], take: Callable[[str | None], None]) -> None:
        with pipe:
            for line in pipe:
                take(line.rstrip("\n"))
        take(None)

    def line(self) -> str:
        """The next line of its stdout."""
        line = self._lines.get(timeout=READY_S)
        assert line is not None, f"script/server ended:\n{self.errors()}"
        return line

    def errors(self) -> str:
        """What it wrote on stderr up to now."""
        return "\n".join(line for line in self._errors if line is not None)

    def ready(self) -> str:
        """Wait for its two lines and return the URL."""
        first, second = self.line(), self.line()
        assert second == "ready"
        return first.removeprefix("AMQP_URL=")

    def more_lines(self) -> list[str | None]:
        """What else it wrote on stdout up to now."""
        return list(self._lines.queue)

    def descendants(self) -> set[str]:
        """`pid starttime` of every process below it, however deep."""
        return _descendants(self.process.pid)

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(GONE_S)

    def close(self) -> None:
        if self.process.poll() is None:
            self.end(signal.SIGTERM)
        for reader in self._readers:
            reader.join()


@pytest.fixture
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    with ExitStack() as servers:

        def start(env: Mapping[str, str] | None = None) -> Server:
            # Under /tmp itself: pytest's own folder is closed to the services' users.
            folder = servers.enter_context(RunFolder())
            server = Server(folder.make("tmp"), {"EXECUTOR_LANGUAGES": "python3"} | (env or {}))
            servers.callback(server.close)
            return server

        yield start


def _descendants(ancestor: int) -> set[str]:
    parents: dict[int, list[tuple[int, str]]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended while we looked
        parents.setdefault(int(fields[1]), []).append((int(stat.parent.name), fields[19]))
    found: set[str] = set()
    below = [ancestor]
    for pid in below:
        for child, started in parents.get(pid, []):
            found.add(f"{child} {started}")
            below.append(child)
    return found


def _alive(processes: set[str]) -> set[str]:
    """Those of the processes that still run (a zombie that nobody has reaped does not)."""
    alive = set()
    for process in processes:
        pid, started = process.split()
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[19] == started and fields[0] != "Z":
            alive.add(process)
    return alive


def _cgroups() -> set[Path]:
    """Of every safeexec on this machine."""
    root = Path("/sys/fs/cgroup")
    return {*root.glob("safeexec/*/"), *root.glob("*/safeexec/*/")}


@pytest.mark.slow
def test_server_prints_the_url_then_ready_and_nothing_else(
    start_server: Callable[..., Server],
) -> None:
    server = start_server()
    url = server.ready()
    with Frontend(url) as frontend:
        assert frontend.judge(HELLO)["verdict"] == "AC"
    assert server.more_lines() == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_server_asked_to_stop_leaves_nothing(
    start_server: Callable[..., Server], number: signal.Signals
) -> None:
    before = _cgroups()
    server = start_server()
    server.ready()
    processes = server.descendants()
    assert len(processes) >= 4
    assert server.end(number) == 0
    assert not _alive(processes)
    assert list(server.tmp.iterdir()) == []
    assert _cgroups() <= before


@pytest.mark.slow
def test_server_interrupted_while_it_starts_leaves_nothing(
    start_server: Callable[..., Server],
) -> None:
    server = start_server()
    log = "[!.]*/rabbitmq*.log"
    wait_until(lambda: list(server.tmp.glob(log)), READY_S, "the broker is starting")
    processes = server.descendants()
    assert server.end(signal.SIGINT) == 0
    assert not _alive(processes)
    assert list(server.tmp.iterdir()) == []


@pytest.mark.slow
def test_server_killed_leaves_no_process_and_the_next_removes_its_folder(
    start_server: Callable[..., Server],
) -> None:
    before = _cgroups()
    server = start_server()
    server.ready()
    processes = server.descendants()
    server.end(signal.SIGKILL)
    wait_until(lambda: not _alive(processes), GONE_S, "every process of the dead server is gone")
    wait_until(lambda: _cgroups() <= before, GONE_S, "its cgroups are gone")
    assert list(server.tmp.iterdir()) != []
    next_one = Server(server.tmp, {"EXECUTOR_LANGUAGES": "python3"})
    try:
        next_one.ready()
    finally:
        next_one.close()
    assert list(server.tmp.iterdir()) == []


@pytest.mark.slow
def test_server_uses_the_broker_it_is_given(
    start_server: Callable[..., Server],
) -> None:
    with PrivateBroker() as broker:
        server = start_server({"AMQP_URL": broker.url})
        assert server.ready() == broker.url
        assert not list(server.tmp.glob("*/rabbitmq*"))
        with Frontend(broker.url) as frontend:
            assert frontend.judge(HELLO)["verdict"] == "AC"
        assert server.end(signal.SIGTERM) == 0
        assert broker.running


@pytest.mark.slow
def test_two_servers_run_at_once(start_server: Callable[..., Server]) -> None:
    servers = [start_server(), start_server()]
    urls = [server.ready() for server in servers]
    assert urls[0] != urls[1]
    for url in urls:
        with Frontend(url) as frontend:
            assert frontend.judge(HELLO)["verdict"] == "AC"


@pytest.mark.slow
def test_server_says_so_and_fails_when_a_part_of_it_dies(
    start_server: Callable[..., Server],
) -> None:
    server = start_server()
    server.ready()
    (broker_pid,) = (
        int(line.split()[0])
        for record in server.tmp.glob("*/processes")
        for line in record.read_text().splitlines()
        if "beam" in Path(f"/proc/{line.split()[0]}/comm").read_text()
    )
    os.kill(broker_pid, signal.SIGKILL)
    assert server.process.wait(GONE_S) == 1
    server.close()
    assert "rabbitmq ended with SIGKILL" in server.errors()


def test_the_broker_listens_on_the_loopback_only(broker: PrivateBroker) -> None:
    listening = subprocess.run(["ss", "-Hlntp"], capture_output=True, text=True, check=True)
    lines = [line for line in listening.stdout.splitlines() if f"pid={broker.pid}," in line]
    assert len(lines) == 2
    for line in lines:
        assert line.split()[3].startswith("127.0.0.1:")


def test_the_command_runs_nothing_that_lies_where_one_stands(tmp_path: Path) -> None:
    """A fault once: as root, in a folder of somebody's."""
    for name in ("executor.py", "pydantic.py"):
        (tmp_path / name).write_text("print('planted')")
    told = subprocess.run(
        [ROOT / "script" / "executor", "--help"], cwd=tmp_path, capture_output=True, check=True
    )
    assert b"planted" not in told.stdout


def test_setup_installs_nothing_the_second_time() -> None:
    for _ in range(2):
        again = subprocess.run(
            [ROOT / "script" / "setup"], capture_output=True, text=True, check=True
        )
    assert again.stdout + again.stderr == ""


def test_setup_runs_twice_at_once() -> None:
    both = [subprocess.Popen([ROOT / "script" / "setup"]) for _ in range(2)]
    assert [process.wait(READY_S) for process in both] == [0, 0]
