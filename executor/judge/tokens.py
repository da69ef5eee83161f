"""Comparing token by token, as text or as numbers."""

import math
import re
from collections.abc import Callable, Iterator
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, InvalidOperation

from executor.contract.job import Tokens
from executor.judge.difference import (
    ACCEPTED,
    MAX_SHOWN_BYTES,
    CheckResult,
    differing,
    shown,
)
from executor.judge.testdata import Content

MAX_NUMBER_BYTES = 4096
"""A longer token is never taken for a number."""

MAX_DIGITS = 20_000
"""Numbers further apart than this (1e99999 and 1) are compared with 100 digits, others exactly."""

Equality = Callable[[bytes, bytes], bool]
"""Whether the output's token will do for the answer's."""

_BLOCK_BYTES = 256 * 1024
_WHITE_SPACE = b" \t\n\r\v\f"
_WORD = re.compile(rb"\S+")
_SEGMENT = re.compile(rb"\s+|\S+")
_NUMBER = re.compile(rb"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")


class TokenComparison:
    """Token by token; with `spaces`, each run of white space counts as a token too."""

    def __init__(
        self, answer: Content, start: int, line: int, equal: Equality, spaces: bool = False
    ) -> None:
        longest = max(map(len, _answer_tokens(answer, start, spaces)), default=0)
        self._kept = max(longest, MAX_NUMBER_BYTES) + MAX_SHOWN_BYTES
        self._expected = _answer_tokens(answer, start, spaces)
        self._equal = equal
        self._spaces = spaces
        self._pending = b""
        self._line = line
        self._tokens_before = 0

    def take(self, block: bytes) -> CheckResult | None:
        block = self._pending + block
        end = _whole_tokens(block, self._spaces)
        # Of a token longer than any other this much is enough: it differs from all.
        if len(block) - end > self._kept:
            end = len(block)
        self._pending = block[end:]
        return self._compare(block[:end])

    def end(self) -> CheckResult:
        result = self._compare(self._pending)
        if result is not None:
            return result
        missing = next(self._expected, None)
        if missing is None:
            return ACCEPTED
        if missing.isspace():
            return self._space_differs(self._line, missing, None)
        return differing(self._line, self._tokens_before + 1, missing, None)

    def _compare(self, block: bytes) -> CheckResult | None:
        """Compares the tokens of a block that cuts none in two."""
        for index, found in enumerate(_split(block, self._spaces)):
            expected = next(self._expected, None)
            if found != expected and not self._is_right(expected, found):
                return self._difference(block, index, expected, found)
        self._advance(block)
        return None

    def _is_right(self, expected: bytes | None, found: bytes) -> bool:
        return expected is not None and self._equal(expected, found)

    def _advance(self, block: bytes) -> None:
        last_line = block.rfind(b"\n") + 1
        if last_line:
            self._line += block.count(b"\n")
            self._tokens_before = 0
        self._tokens_before += len(block[last_line:].split())

    def _difference(
        self, block: bytes, index: int, expected: bytes | None, found: bytes
    ) -> CheckResult:
        """Finds the place of a token in its block: only now is it worth the time."""
        pattern = _SEGMENT if self._spaces else _WORD
        for number, match in enumerate(pattern.finditer(block)):
            if number == index:
                self._advance(block[: match.start()])
                break
        if found.isspace() or (expected is not None and expected.isspace()):
            return self._space_differs(self._line, expected, found)
        return differing(self._line, self._tokens_before + 1, expected, found)

    def _space_differs(self, line: int, expected: bytes | None, found: bytes | None) -> CheckResult:
        message = f"line {line} differs in white space"
        return CheckResult("WA", message, line, None, shown(expected), shown(found))


class SpaceComparison:
    """For an output that is not equal: whether only its white space is wrong (PE)."""

    def __init__(self, answer: Content, start: int, line: int) -> None:
        self._tokens = TokenComparison(answer, start, line, _never)
        self._line = line

    def take(self, block: bytes) -> CheckResult | None:
        return self._tokens.take(block)

    def end(self) -> CheckResult:
        result = self._tokens.end()
        if result.verdict != "AC":
            return result
        message = f"only white space differs, from line {self._line} on"
        return CheckResult("PE", message, self._line)


def token_equality(options: Tokens) -> Equality:
    """How tokens that are not equal byte by byte are compared."""
    tolerances = (options.float_abs, options.float_rel)
    is_near = _never if tolerances == (None, None) else _tolerance(*tolerances)
    if options.case_sensitive:
        return is_near
    return lambda expected, found: expected.lower() == found.lower() or is_near(expected, found)


def _never(expected: bytes, found: bytes) -> bool:
    return False


def _tolerance(float_abs: float | None, float_rel: float | None) -> Equality:
    """Whether two tokens are numbers, and near enough by either tolerance.

    The tolerances are taken as they are written (0.1 is a tenth), and nothing is rounded.
    """
    absolute = None if float_abs is None else Decimal(repr(float_abs))
    relative = None if float_rel is None else Decimal(repr(float_rel))

    def is_near(expected: bytes, found: bytes) -> bool:
        if not (_is_number(expected) and _is_number(found)):
            return False
        clear = _clearly(float(expected), float(found), float_abs, float_rel)
        if clear is not None:
            return clear
        wanted, given = _number(expected), _number(found)
        if wanted is None or given is None:
            return False
        context = _context(wanted, given)
        distance = context.abs(context.subtract(wanted, given))
        if absolute is not None and distance <= absolute:
            return True
        return relative is not None and distance <= context.multiply(relative, context.abs(wanted))

    return is_near


def _clearly(
    wanted: float, given: float, float_abs: float | None, float_rel: float | None
) -> bool | None:
    """What floats can tell for sure, which is most and in a tenth of the time; None: too close."""
    if not (math.isfinite(wanted) and math.isfinite(given)):
        return None
    distance = abs(wanted - given)
    allowed = max(float_abs or 0.0, (float_rel or 0.0) * abs(wanted))
    if not math.isfinite(allowed):
        return None
    # Far above what is lost by rounding to 53 bits, or to zero.
    doubt = (abs(wanted) + abs(given) + allowed) * 1e-14 + 1e-300
    if distance + doubt < allowed:
        return True
    return False if distance - doubt > allowed else None


def _is_number(token: bytes) -> bool:
    return len(token) <= MAX_NUMBER_BYTES and _NUMBER.fullmatch(token) is not None


def _number(token: bytes) -> Decimal | None:
    try:
        return Decimal(token.decode())
    except InvalidOperation:  # an exponent beyond 10^18
        return None


def _context(first: Decimal, second: Decimal) -> Context:
    """One in which their difference is exact, unless it would have far too many digits."""
    numbers = [number for number in (first, second) if number]
    highest = max((number.adjusted() for number in numbers), default=0)
    lowest = min((int(number.as_tuple().exponent) for number in numbers), default=0)
    # 30 more than they span: for the carry, and for the digits of a relative tolerance.
    digits = highest - lowest + 30
    return Context(
        prec=digits if digits <= MAX_DIGITS else 100, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[]
    )


def _split(block: bytes, spaces: bool) -> list[bytes]:
    return _SEGMENT.findall(block) if spaces else block.split()


def _whole_tokens(block: bytes, spaces: bool) -> int:
    """Where the last token of a block begins: the next block may go on with it."""
    if spaces and block[-1:].isspace():
        return len(block.rstrip())
    return max(block.rfind(byte) for byte in _WHITE_SPACE) + 1


def _answer_tokens(answer: Content, start: int, spaces: bool) -> Iterator[bytes]:
    """The tokens of an answer, which is cut into blocks that cut no token in two."""
    while start < len(answer):
        block = answer[start : start + _BLOCK_BYTES]
        if start + len(block) < len(answer):
            block = block[: _whole_tokens(block, spaces)] or _segment(answer, start)
        yield from _split(block, spaces)
        start += len(block)


def _segment(answer: Content, start: int) -> bytes:
    match = _SEGMENT.match(answer, start)
    assert match is not None
    return match[0]
