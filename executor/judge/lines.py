"""Comparing line by line."""

from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest

from executor.judge.difference import (
    ACCEPTED,
    MAX_SHOWN_BYTES,
    Agreed,
    CheckResult,
    Disagreed,
    differing,
    shown,
)
from executor.judge.testdata import Content

_LEAST_BYTES = 4096


class _LineReader:
    """Cuts a stream into lines without trailing white space.

    Of a line only as much is kept as makes it differ from one of `longest` bytes and can be shown.
    """

    def __init__(self, longest: int) -> None:
        self._kept = longest + MAX_SHOWN_BYTES
        self._pending = b""
        self._too_long = False
        self._number = 1

    def take(self, block: bytes) -> Iterator[tuple[int, bytes]]:
        """The lines that end in a block and are not blank, with their numbers."""
        if not self._pending and block.isspace():
            # Millions of blank lines are one step.
            self._number += block.count(b"\n")
            self._extend(block[block.rfind(b"\n") + 1 :])
            return
        first, *others = block.split(b"\n")
        self._extend(first)
        for line in others:
            yield from self.end()
            self._number += 1
            self._pending, self._too_long = b"", False
            self._extend(line)

    def end(self) -> Iterator[tuple[int, bytes]]:
        """The line that has begun, if it is not blank."""
        line = self._pending if self._too_long else self._pending.rstrip()
        if line:
            yield self._number, line

    def _extend(self, text: bytes) -> None:
        line = self._pending + text if self._pending else text
        if len(line) > self._kept:
            # What is cut off counts only if it is more than trailing white space.
            self._too_long = self._too_long or not line[self._kept :].isspace()
            line = line[: self._kept]
        self._pending = line


def _answer_lines(answer: Content) -> Iterator[bytes]:
    """The lines of an answer that are not blank, without trailing white space."""
    start = 0
    while start < len(answer):
        end = answer.find(b"\n", start)
        end = len(answer) if end < 0 else end
        line = answer[start:end].rstrip()
        if line:
            yield line
        start = end + 1


class LineUnits:
    """An output as lines; trailing white space and blank lines do not count."""

    def start(self, answer: Content, floor: int, end: int) -> int:
        return max(floor, answer.rfind(b"\n", floor, end) + 1)

    def compare(self, answer: Content, start: int, text: bytes, last: bool) -> Agreed | Disagreed:
        end = len(text) if last else text.rfind(b"\n") + 1
        found = _stripped(text[:end].split(b"\n"))
        expected, after = _take_lines(answer, start, len(found) + last, len(text))
        if expected == found:
            return Agreed(after, end)
        pairs = enumerate(zip_longest(expected, found))
        index, pair = next((index, pair) for index, pair in pairs if pair[0] != pair[1])
        return Disagreed(_line_offset(text, index), *pair)

    def bound(self, answer: Content, start: int, text: bytes) -> bytes | None:
        expected = b"".join(_take_lines(answer, start, 1, 0)[0])
        # The rest can only be white space, of which no more is needed than shows that it is there.
        return text[: len(expected) + 1] if expected.startswith(text.rstrip()) else None

    def difference(self, found: Disagreed, line: int, token: int) -> CheckResult:
        if found.found is None:
            missing = (found.expected or b"").split(maxsplit=1)[0]
            return differing(line, 1, missing, None)
        return _line_difference(line, found.expected, found.found)


def _stripped(lines: list[bytes]) -> list[bytes]:
    """Those that are not blank, without trailing white space."""
    return list(filter(None, map(bytes.rstrip, lines)))


def _take_lines(answer: Content, start: int, count: int, size: int) -> tuple[list[bytes], int]:
    """So many of its lines, or all there are, stripped; and where the one after them begins.

    size: of a piece of the answer that may hold them.
    """
    taken: list[bytes] = []
    while len(taken) < count and start < len(answer):
        end = start + max(size, _LEAST_BYTES)
        if end < len(answer):
            end = answer.rfind(b"\n", start, end) + 1 or answer.find(b"\n", end) + 1
        piece = answer[start : end or len(answer)]
        lines = piece.split(b"\n")
        taken += _stripped(lines)
        start += len(piece)
        if len(taken) > count:
            start -= _give_back(lines, len(taken) - count)
    return taken[:count], start


def _give_back(lines: list[bytes], count: int) -> int:
    """How many bytes the last so many lines have that are not blank."""
    size = -1  # no line feed follows the last one
    for line in reversed(lines):
        size += len(line) + 1
        count -= not line.isspace() and line != b""
        if not count:
            break
    return size


def _line_offset(text: bytes, index: int) -> int:
    """Where the line begins that has so many before it which are not blank."""
    offset = 0
    for line in text.split(b"\n"):
        if line.strip():
            if not index:
                return offset
            index -= 1
        offset += len(line) + 1
    return len(text)


def _line_difference(line: int, expected: bytes | None, found: bytes) -> CheckResult:
    pairs = zip_longest((expected or b"").split(), found.split())
    for token, (expected_token, found_token) in enumerate(pairs, start=1):
        if expected_token != found_token:
            return differing(line, token, expected_token, found_token)
    message = f"line {line} differs in white space"
    return CheckResult("WA", message, line, None, shown(expected), shown(found))


class UnorderedComparison:
    """The lines as a multiset; the answer's are held, the output's are not."""

    def __init__(self, answer: Content) -> None:
        self._missing = Counter(_answer_lines(answer))
        self._lines = _LineReader(max(map(len, self._missing), default=0))

    def take(self, block: bytes) -> CheckResult | None:
        return self._compare(self._lines.take(block))

    def end(self) -> CheckResult:
        result = self._compare(self._lines.end())
        if result is not None:
            return result
        for expected, count in self._missing.items():
            if count:
                message = "a line of the answer is missing"
                return CheckResult("WA", message, expected=shown(expected))
        return ACCEPTED

    def _compare(self, lines: Iterator[tuple[int, bytes]]) -> CheckResult | None:
        for number, found in lines:
            if not self._missing[found]:
                message = f"line {number} is not in the answer, or too often in the output"
                return CheckResult("WA", message, number, None, None, shown(found))
            self._missing[found] -= 1
        return None
