"""Comparing token by token, as text or as numbers."""

import math
import re
from collections.abc import Callable
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, InvalidOperation
from itertools import islice, zip_longest

from executor.contract.job import Tokens
from executor.judge.difference import (
    MAX_SHOWN_BYTES,
    Agreed,
    CheckResult,
    Disagreed,
    differing,
    shown,
)
from executor.judge.lines import LineUnits
from executor.judge.testdata import Content

MAX_NUMBER_BYTES = 4096
"""A longer token is never taken for a number."""

MAX_DIGITS = 20_000
"""Numbers further apart than this (1e99999 and 1) are compared with 100 digits, others exactly."""

Equality = Callable[[bytes, bytes], bool]
"""Whether the output's token will do for the answer's."""

_LEAST_BYTES = 4096
_WHITE_SPACE = b" \t\n\r\v\f"
_WORD = re.compile(rb"\S+")
_SEGMENT = re.compile(rb"\s+|\S+")
_NUMBER = re.compile(rb"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")


class TokenUnits:
    """An output as tokens; with `spaces`, each run of white space counts as a token too."""

    def __init__(self, equal: Equality, spaces: bool = False) -> None:
        self._equal = equal
        self._spaces = spaces

    def start(self, answer: Content, floor: int, end: int) -> int:
        size = _LEAST_BYTES
        while True:
            begin = max(floor, end - size)
            whole = _whole_tokens(answer[begin:end], self._spaces)
            if whole or begin == floor:
                return begin + whole
            size *= 2

    def compare(self, answer: Content, start: int, text: bytes, last: bool) -> Agreed | Disagreed:
        if not self._spaces and not last:
            # Lines that are equal but for their ends are the most frequent case, and soon found.
            lines = LineUnits().compare(answer, start, text, last)
            if isinstance(lines, Agreed) and lines.text:
                return lines
        end = len(text) if last else _whole_tokens(text, self._spaces)
        found = _SEGMENT.findall(text[:end]) if self._spaces else text[:end].split()
        expected, after = self._take(answer, start, len(found) + last, len(text))
        if expected != found:
            for index, (wanted, given) in enumerate(zip_longest(expected, found)):
                if wanted != given and not self._is_right(wanted, given):
                    return Disagreed(self._offset(text, index), wanted, given)
        return Agreed(after, end)

    def bound(self, answer: Content, start: int, text: bytes) -> bytes | None:
        expected, _ = self._take(answer, start, 1, 0)
        longest = max(sum(map(len, expected)), MAX_NUMBER_BYTES)
        return text if len(text) <= longest + MAX_SHOWN_BYTES else None

    def difference(self, found: Disagreed, line: int, token: int) -> CheckResult:
        if any(text is not None and text.isspace() for text in (found.expected, found.found)):
            message = f"line {line} differs in white space"
            return CheckResult("WA", message, line, None, shown(found.expected), shown(found.found))
        return differing(line, token, found.expected, found.found)

    def _is_right(self, expected: bytes | None, found: bytes | None) -> bool:
        return expected is not None and found is not None and self._equal(expected, found)

    def _take(self, answer: Content, start: int, count: int, size: int) -> tuple[list[bytes], int]:
        """So many of its tokens, or all there are; and where the one after them begins.

        size: of a piece of the answer that may hold them.
        """
        size = max(size + size // 8, _LEAST_BYTES)
        while True:
            piece, is_all = answer[start : start + size], start + size >= len(answer)
            size *= 2
            if self._spaces:
                tokens = _SEGMENT.findall(piece)
                if is_all or len(tokens) > count:  # else the last one may go on
                    tokens = tokens[:count]
                    return tokens, start + sum(map(len, tokens))
            else:
                tokens = piece.split(None, count)
                if len(tokens) > count:
                    return tokens[:count], start + len(piece) - len(tokens[count])
                if is_all:
                    return tokens, len(answer)

    def _offset(self, text: bytes, index: int) -> int:
        matches = (_SEGMENT if self._spaces else _WORD).finditer(text)
        match = next(islice(matches, index, None), None)
        return len(text) if match is None else match.start()


def token_equality(options: Tokens) -> Equality:
    """How tokens that are not equal byte by byte are compared."""
    tolerances = (options.float_abs, options.float_rel)
    is_near = never if tolerances == (None, None) else _tolerance(*tolerances)
    if options.case_sensitive:
        return is_near
    return lambda expected, found: expected.lower() == found.lower() or is_near(expected, found)


def never(expected: bytes, found: bytes) -> bool:
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


def _whole_tokens(block: bytes, spaces: bool) -> int:
    """Where the last token of a block begins: the next block may go on with it."""
    if spaces and block[-1:].isspace():
        return len(block.rstrip())
    return max(block.rfind(byte) for byte in _WHITE_SPACE) + 1
