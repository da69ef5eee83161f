"""Each program of hostile/ is one attack; its header says what must be seen.

After each, nothing of it is left and an honest program in the same slot ends in peace.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.sandbox.client import Connection
from tests.sandbox.service import Service, descendants_of, mounts, wait_until

HOSTILE = Path(__file__).parent / "hostile"
PROGRAMS = sorted(HOSTILE.glob("*.c"))


@dataclass(frozen=True)
class Header:
    limits: dict[str, int]
    expect: dict[str, set[str]]


def pairs(text: str, word: str) -> dict[str, str]:
    found = re.search(rf"^ \* {word}: (.*)$", text, re.MULTILINE)
    return dict(pair.split("=", 1) for pair in found[1].split()) if found else {}


def header_of(source: Path) -> Header:
    text = source.read_text()
    limits = {key: int(value) for key, value in pairs(text, "Limits").items()}
    expect = {key: set(value.split("|")) for key, value in pairs(text, "Expect").items()}
    assert "Attacks" in text, f"{source.name}: the header does not say what it attacks"
    assert expect, f"{source.name}: the header does not say what must be seen"
    return Header(limits, expect)


@pytest.mark.parametrize("source", PROGRAMS, ids=lambda source: source.stem)
def test_attack_fails_and_leaves_nothing(
    source: Path, service: Service, compiled: Callable[[Path], Path], honest: Path
) -> None:
    header = header_of(source)
    processes, mounted = set(descendants_of(service.process.pid)), mounts()
    with Connection(service.socket) as slot:
        # Twice: what the first run left would be found by the second.
        for _ in range(2):
            answer = slot.run(
                ["/box/program"], files={"program": compiled(source)}, limits=header.limits
            )
            for key, allowed in header.expect.items():
                assert answer.get(key) in allowed, f"{key}: {answer}"
            after = slot.run(["/box/honest"], files={"honest": honest})
            assert (after["outcome"], after["exit_code"]) == ("exited", "0"), after
    wait_until(
        lambda: set(descendants_of(service.process.pid)) <= processes,
        5,
        "only slots and zygotes are left",
    )
    assert mounts() == mounted
