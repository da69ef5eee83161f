"""What was compiled before is not compiled again, whoever asks."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from executor.contract import Result
from executor.judge import Judge
from executor.judge.cache import CompileCache
from executor.judge.testdata import TestData
from executor.languages import Languages
from executor.sandbox import Sandbox
from executor.scratch import scratch
from tests.judge.conftest import make_job
from tests.judge.jury import by_testlib

SOURCE = '#include <cstdio>\nint main() { std::puts("hi"); }\n'
KIB = 1024

Judging = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "compiled"


@pytest.fixture
def judging(
    sandbox: Sandbox, languages: Languages, testdata: TestData, tmp_path: Path, folder: Path
) -> Iterator[Judging]:
    """Judges a C++ job; each call by another worker, with a cache of `max_bytes`."""

    def judge(max_bytes: int = 1 << 30, **fields: Any) -> Result:
        cache = CompileCache(folder, max_bytes)
        cache.prepare()
        work = tmp_path / "work"
        judge = Judge(sandbox, languages, testdata, cache=cache, worker="test", work_dir=work)
        job = make_job(**{"language": "cpp", "source": SOURCE, **fields})
        return judge.judge(job, queued_ms=None, redelivered=False)

    yield judge
    assert not list(folder.glob("new-*"))


def is_cached(result: Result) -> bool:
    assert result.compile is not None
    return result.compile.cached


def test_same_program_is_compiled_once(judging: Judging) -> None:
    first, second = judging(), judging()
    assert not is_cached(first)
    assert is_cached(second)
    assert (first.verdict, second.verdict) == ("AC", "AC")
    assert first.digest == second.digest
    assert first.compile is not None
    assert second.compile == first.compile.model_copy(update={"cached": True})


@pytest.mark.parametrize(
    "change",
    [
        {"source": SOURCE + " "},
        {"language": "cpp11"},
        {"source_name": "other.cpp"},
        {"files": [{"name": "extra.h", "text": ""}]},
    ],
)
def test_what_differs_in_anything_is_compiled_again(
    judging: Judging, change: dict[str, Any]
) -> None:
    judging()
    assert not is_cached(judging(**change))


def test_what_does_not_compile_is_not_kept(judging: Judging, folder: Path) -> None:
    for _ in range(2):
        assert judging(source="int main( {").verdict == "CE"
    assert not list(folder.iterdir())


def test_program_without_an_artefact_is_kept_too(judging: Judging) -> None:
    job = {"language": "python3", "source": "print('hi')"}
    assert not is_cached(judging(**job))
    assert is_cached(judging(**job))


def test_checker_is_compiled_once(judging: Judging, folder: Path) -> None:
    for _ in range(2):
        assert judging(checker=by_testlib("exit(0)")).verdict == "AC"
    assert len(list(folder.iterdir())) == 2


def test_longest_unused_goes_when_there_is_too_much(judging: Judging) -> None:
    first, second, third = (SOURCE + "\n" * number for number in range(1, 4))
    room = 70 * KIB  # for two entries, not for three
    judging(max_bytes=room, source=first)
    judging(max_bytes=room, source=second)
    assert is_cached(judging(max_bytes=room, source=first))
    judging(max_bytes=room, source=third)
    assert is_cached(judging(max_bytes=room, source=first))
    assert not is_cached(judging(max_bytes=room, source=second))


def _without_a_word(entry: Path) -> None:
    (entry / "entry.json").unlink()


def _with_half_a_word(entry: Path) -> None:
    (entry / "entry.json").write_bytes(b"{")


def _with_zeros(entry: Path) -> None:
    """As a file whose machine went down before it was on its disk."""
    program = entry / "0"
    size = program.stat().st_size
    program.chmod(0o600)
    program.write_bytes(bytes(size))


@pytest.mark.parametrize("spoil", [_without_a_word, _with_half_a_word, _with_zeros])
def test_entry_that_is_spoiled_is_made_again(
    judging: Judging, folder: Path, spoil: Callable[[Path], None]
) -> None:
    judging()
    (entry,) = folder.iterdir()
    spoil(entry)
    again = judging()
    assert again.verdict == "AC"
    assert not is_cached(again)
    assert is_cached(judging())


def test_what_a_dead_worker_left_is_cleared(folder: Path) -> None:
    left = folder / "new-left"
    left.mkdir(parents=True)
    (left / "artefact").write_bytes(b"half")
    with scratch(folder, "new-") as young:  # a living worker's
        CompileCache(folder, 1).prepare()
        assert list(folder.iterdir()) == [young]


def test_folder_that_is_gone_costs_only_time(judging: Judging, folder: Path) -> None:
    """Whoever is short of room may empty a cache at any time."""
    judging()
    shutil.rmtree(folder)
    assert judging().verdict == "AC"


def test_entry_that_cannot_be_read_costs_only_time(judging: Judging, folder: Path) -> None:
    judging()
    (entry,) = folder.iterdir()
    (entry / "entry.json").unlink()
    (entry / "entry.json").mkdir()
    assert judging().verdict == "AC"
    assert is_cached(judging())
