"""What a checker finds, and the words for it."""

from dataclasses import dataclass
from typing import Literal

MAX_SHOWN = 64
"""Characters of the expected and of the found text that a difference shows."""

MAX_SHOWN_BYTES = 4 * MAX_SHOWN


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a checker found.

    line, token: where the output differs first, both from 1, counted in the output; None: unknown.
    expected, found: what stands there, 64 characters at most; None: nothing, or unknown.
    score: in points, where a checker program gave one; None: all of the test's if AC, else 0.
    """

    verdict: Literal["AC", "WA", "PE", "PC"]
    message: str | None = None
    line: int | None = None
    token: int | None = None
    expected: str | None = None
    found: str | None = None
    score: float | None = None


ACCEPTED = CheckResult("AC")


def differing(line: int, token: int, expected: bytes | None, found: bytes | None) -> CheckResult:
    """A token that is not the expected one; None: there is none."""
    match expected, found:
        case _, None:
            what = "is missing"
        case None, _:
            what = "is too much"
        case _:
            what = "differs"
    message = f"line {line}, token {token} {what}"
    return CheckResult("WA", message, line, token, shown(expected), shown(found))


def shown(text: bytes | None) -> str | None:
    """The first 64 characters."""
    return None if text is None else text[:MAX_SHOWN_BYTES].decode(errors="replace")[:MAX_SHOWN]


@dataclass(frozen=True, slots=True)
class Agreed:
    """How far output and answer agree: an offset in the answer, and one in the text compared."""

    answer: int
    text: int


@dataclass(frozen=True, slots=True)
class Disagreed:
    """The first that differs, and where it begins in the text; None: there is none."""

    place: int
    expected: bytes | None
    found: bytes | None
