"""The arguments of the default output validator, as the built-in checker `tokens`."""

import math
from collections.abc import Iterator, Sequence

from executor.contract import Tokens
from executor.packages.errors import PackageError

_TOLERANCES = ("float_tolerance", "float_absolute_tolerance", "float_relative_tolerance")


def tokens_checker(flags: Sequence[str], place: str) -> Tokens:
    """The checker that `flags` ask for; without any, case and white space do not count.

    `place` says where they stand. Raises PackageError.
    """
    words: Iterator[str] = iter(flags)
    switches: set[str] = set()
    tolerances: dict[str, float] = {}
    for word in words:
        if word in ("case_sensitive", "space_change_sensitive"):
            switches.add(word)
        elif word in tolerances:
            raise PackageError(f"{place}: {word} is given twice")
        elif word in _TOLERANCES:
            tolerances[word] = _tolerance(word, next(words, None), place)
        else:
            raise PackageError(f"{place}: the default output validator has no argument '{word}'")
    both = tolerances.get("float_tolerance")
    if both is not None and len(tolerances) > 1:
        raise PackageError(f"{place}: float_tolerance stands for both tolerances: give no other")
    return Tokens(
        type="tokens",
        case_sensitive="case_sensitive" in switches,
        space_sensitive="space_change_sensitive" in switches,
        float_abs=tolerances.get("float_absolute_tolerance", both),
        float_rel=tolerances.get("float_relative_tolerance", both),
    )


def _tolerance(name: str, text: str | None, place: str) -> float:
    try:
        number = float(text or "")
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise PackageError(f"{place}: {name} needs a number that is 0 or more")
    return number
