"""docs/safeexec.md says what is so: options, keys and ranges are safeexec's, and examples run."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.sandbox.client import Connection, pack
from tests.sandbox.service import BINARY, LEVEL, ROOT, SUDO, Service

PAGE = (ROOT / "docs" / "safeexec.md").read_text()
THREE_NULLS = [os.open("/dev/null", os.O_RDWR)] * 3
SOUND_REQUEST = {
    "cpu_ms": "1000",
    "wall_ms": "5000",
    "memory_kib": "65536",
    "stack_kib": "8192",
    "output_kib": "64",
    "processes": "1",
    "arg": "/usr/bin/true",
}


def section(title: str) -> str:
    """The text below a heading, to the next one of its rank or a higher one."""
    rank, _, rest = PAGE.partition(f"# {title}\n")
    marks = rank.rpartition("\n")[2] + "#"
    return re.split(rf"^#{{1,{len(marks)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(title: str) -> list[list[str]]:
    """The cells of a section's tables, without their heads."""
    cells = [line.strip("|").split("|") for line in section(title).splitlines() if line[:1] == "|"]
    rules = [index for index, row in enumerate(cells) if set("".join(row)) <= set("-")]
    heads = {index - 1 for index in rules}
    return [
        [cell.strip() for cell in row]
        for index, row in enumerate(cells)
        if index not in heads | set(rules)
    ]


def words_in_code(cell: str) -> list[str]:
    return re.findall(r"`([A-Za-z_]+)[^`]*`", cell)


def test_options_of_the_page_are_those_of_the_help() -> None:
    told = subprocess.run([str(BINARY), "--help"], check=True, capture_output=True, text=True)
    items = re.findall(r"^- (\*\*--.*?):", section("OPTIONS"), re.MULTILINE)
    described = [option for item in items for option in re.findall(r"\*\*(--[a-z]+)\*\*", item)]
    assert len(described) == len(set(described))
    assert set(described) == set(re.findall(r"--[a-z]+", told.stdout))


def test_lines_of_the_report_are_those_of_the_page() -> None:
    command = ["--exec", "/usr/bin/python3", "-c", "import ctypes; ctypes.CDLL(None).ptrace()"]
    told = subprocess.run([*SUDO, str(BINARY), *command], capture_output=True, text=True)
    printed = [line.partition(":")[0] for line in told.stderr.splitlines()[1:]]
    described = [word for row in rows("REPORT")[1:] for word in words_in_code(row[0])]
    assert printed == described[: len(printed)]
    assert printed[-1] == "ISOLATION"


def test_keys_of_hello_and_answer_are_those_of_the_page(service: Service) -> None:
    with Connection(service.socket) as slot:
        assert list(slot.hello) == [words_in_code(row[0])[0] for row in rows("The hello")]
        answer = slot.run(["/usr/bin/true"])
        assert set(answer) == {words_in_code(row[0])[0] for row in rows("The answer")}
        slot.send(pack("walk"), [])
        assert set(slot.receive()) == {words_in_code(row[0])[0] for row in rows("Faults")}


NUMBERS = {row[0].strip("`"): row[2] for row in rows("The request") if " to " in row[2]}


@pytest.mark.parametrize("key", NUMBERS)
def test_range_of_a_number_is_that_of_the_page(key: str, service: Service) -> None:
    lowest, highest = (int(word) for word in NUMBERS[key].split(" to "))
    with Connection(service.socket) as slot:
        for value in (str(lowest - 1), str(highest + 1), "x"):
            request = SOUND_REQUEST | {key: value}
            slot.send(pack("run", *(f"{k}={v}" for k, v in request.items())), THREE_NULLS)
            wanted = f"{key}: a number from {lowest} to {highest} is wanted"
            assert slot.receive() == {"error": wanted, "fault": "request"}


def test_page_knows_every_key_of_a_request() -> None:
    """All but the numbers are named in the parser as they are in a request."""
    source = (ROOT / "safeexec" / "request.c").read_text()
    named = re.findall(r'strcmp\(pair, "([a-z]+)"\)', source)
    named += re.findall(r'^    \{"([a-z_]+)", offsetof', source, re.MULTILINE)
    assert {row[0].strip("`") for row in rows("The request")} == set(named)


# What differs from run to run, or from machine to machine.
MEASURED = re.compile(
    r"((?:ELAPSED_TIME|MEMORY_USED|CPU_TIME|WALL_TIME|INODES|PREEMPTIONS):"
    r"|(?:cpu_us|wall_us|memory_kib|ended_ns|preemptions)=)"
    r" ?[0-9.]+"
)


def comparable(text: str) -> str:
    return MEASURED.sub(r"\1 N", text).replace(LEVEL, "LEVEL")


def consoles() -> list[tuple[str, str]]:
    """The commands of each console block, which is one session of a shell, and what it shows."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        lines = block.splitlines()
        commands = [line[2:] for line in lines if line.startswith("# ")]
        shown = [line for line in lines if not line.startswith("# ")]
        found.append(("\n".join(commands), "\n".join(shown) + "\n"))
    return found


CONSOLES = consoles()


@pytest.mark.parametrize("number", range(len(CONSOLES)))
def test_example_gives_what_the_page_shows(number: int, tmp_path: Path) -> None:
    for name, program in re.findall(r"`(\w+\.py)`:\n\n```python\n(.*?)^```$", PAGE, re.M | re.S):
        (tmp_path / name).write_text(program)
    commands, shown = CONSOLES[number]
    path = f"PATH={BINARY.parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [*SUDO, "env", path, "bash", "-c", commands],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    assert comparable(done.stdout) == comparable(shown)
