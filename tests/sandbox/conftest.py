import subprocess
from collections.abc import Callable, Iterator
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


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Compiles a C file, once; static, so that the box need not hold libraries of ours."""
    folder = tmp_path_factory.mktemp("compiled")

    def build(source: Path) -> Path:
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
