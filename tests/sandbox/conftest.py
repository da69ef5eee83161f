import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.sandbox.client import Connection
from tests.sandbox.service import LEVEL, Service

HONEST = "int main(void) { return 0; }\n"


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    running = Service(tmp_path_factory.mktemp("service"))
    with Connection(running.socket) as slot:
        assert slot.hello["isolation"] == LEVEL
    yield running
    assert running.stop() == 0, running.log.read_text()


@pytest.fixture
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Service]]:
    """Starts services of a test's own, which do not outlive it."""
    with ExitStack() as services:

        def start(slots: int = 1, options: Sequence[str] = ()) -> Service:
            folder = tmp_path_factory.mktemp("service")
            return services.enter_context(Service(folder, slots, options))

        yield start


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Compiles a C file, once; static, so that the box need not hold libraries of ours."""
    folder = tmp_path_factory.mktemp("compiled")
    prepared = Path(os.environ.get("SAFEEXEC_COMPILED", folder))

    def build(source: Path) -> Path:
        if (prepared / source.stem).exists():
            return prepared / source.stem
        program = folder / source.stem
        if not program.exists():
            command = ["gcc", "-O1", "-Wall", "-static", "-o", str(program), str(source)]
            subprocess.run(command, check=True, capture_output=True, text=True)
        return program

    return build


@pytest.fixture(scope="session")
def honest(compiled: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = tmp_path_factory.mktemp("honest") / "honest.c"
    source.write_text(HONEST)
    return compiled(source)


@pytest.fixture(scope="session")
def output_of() -> Callable[[Connection, list[str]], str]:
    """What a command prints in a slot."""

    def run(slot: Connection, command: list[str]) -> str:
        with tempfile.TemporaryFile() as out:
            slot.start(command, stdout=out.fileno())
            answer = slot.receive()
            assert (answer.get("outcome"), answer.get("exit_code")) == ("exited", "0"), answer
            out.seek(0)
            return out.read().decode()

    return run


@pytest.fixture(scope="session")
def user_of() -> Callable[[Connection], int]:
    """The user that the programs of a slot are, as the host sees it."""

    def run(slot: Connection) -> int:
        slot.start(["/bin/sh", "-c", ": > made"])
        answer, (box,) = slot.receive_with_box()
        assert answer["outcome"] == "exited", answer
        user = os.stat("made", dir_fd=box).st_uid
        os.close(box)
        return user

    return run
