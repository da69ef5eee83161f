"""A self-test that was passed is remembered, until something changes that it depends on."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from executor.judge.health import Health, HealthRecord
from executor.languages import Language, Languages
from executor.sandbox import Sandbox, Slot

WELL = Health(fault=None, runtime="Python 3", cpu_ms=11, memory_kib=3000)


class SelfTest:
    """A test that counts how often it is done."""

    def __init__(self, health: Health = WELL) -> None:
        self.done = 0
        self.health = health

    def __call__(self) -> Health:
        self.done += 1
        return self.health


@pytest.fixture
def slot(sandbox: Sandbox) -> Iterator[Slot]:
    with sandbox.slot() as slot:
        yield slot


@pytest.fixture
def python(languages: Languages) -> Language:
    return languages.known["python3"]


@pytest.fixture
def record(tmp_path: Path) -> HealthRecord:
    return HealthRecord(tmp_path / "record")


def test_what_was_passed_is_not_tested_again(
    slot: Slot, python: Language, record: HealthRecord
) -> None:
    test = SelfTest()
    assert [record.look_up(slot, python, test) for _ in range(3)] == [WELL] * 3
    assert test.done == 1


def test_what_failed_is_tested_again(slot: Slot, python: Language, record: HealthRecord) -> None:
    record.look_up(slot, python, SelfTest())
    changed = python.model_copy(update={"self_test": "print(1)"})
    broken = SelfTest(Health(fault="it is broken", runtime="Python"))
    for _ in range(2):
        assert record.look_up(slot, changed, broken).fault == "it is broken"
    assert broken.done == 2


def test_another_compiler_in_its_place_is_tested(
    slot: Slot, python: Language, record: HealthRecord, tmp_path: Path
) -> None:
    compiler = tmp_path / "compiler"
    compiler.write_text("one")
    language = python.model_copy(update={"copies": {str(compiler): "/somewhere"}})
    test = SelfTest()
    record.look_up(slot, language, test)
    compiler.write_text("another")
    record.look_up(slot, language, test)
    compiler.unlink()
    record.look_up(slot, language, test)
    assert test.done == 3


@pytest.mark.parametrize("content", ["", "{", "[]", '{"fingerprint": "x", "health": {}}'])
def test_a_spoilt_record_is_none(
    slot: Slot, python: Language, record: HealthRecord, tmp_path: Path, content: str
) -> None:
    record.look_up(slot, python, SelfTest())
    (tmp_path / "record" / "python3.json").write_text(content)
    test = SelfTest()
    record.look_up(slot, python, test)
    record.look_up(slot, python, test)
    assert test.done == 1


def test_a_folder_that_cannot_be_written_is_no_hindrance(
    slot: Slot, python: Language, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    test = SelfTest()
    assert HealthRecord(tmp_path / "file").look_up(slot, python, test) == WELL
    assert test.done == 1


def test_workers_that_start_together_test_it_once(
    sandbox: Sandbox, python: Language, record: HealthRecord
) -> None:
    testing, entered = threading.Event(), threading.Event()
    done = []

    def slow_test() -> Health:
        entered.set()
        testing.wait()
        done.append(1)
        return WELL

    def worker(test: Callable[[], Health]) -> None:
        with sandbox.slot() as slot:
            record.look_up(slot, python, test)

    first = threading.Thread(target=worker, args=[slow_test])
    first.start()
    entered.wait()
    second = threading.Thread(target=worker, args=[slow_test])
    second.start()
    testing.set()
    first.join()
    second.join()
    assert len(done) == 1


def test_a_worker_believes_what_its_work_folder_remembers(
    sandbox: Sandbox, make_languages: Callable[..., Languages], record: HealthRecord
) -> None:
    languages = make_languages({})
    languages.self_test(sandbox, record)
    remembered = make_languages({})
    remembered.self_test(sandbox, record)
    for language in languages.working.values():
        assert remembered.health(language) == languages.health(language)


def test_a_language_that_breaks_is_withdrawn_whatever_is_remembered(
    sandbox: Sandbox, make_languages: Callable[..., Languages], record: HealthRecord
) -> None:
    make_languages({}).self_test(sandbox, record)
    broken = make_languages({'print("hello")\'\n\n[python.': "print(1)'\n\n[python."})
    broken.self_test(sandbox, record)
    assert "self-test is WA" in broken.withdrawn["python3"]
