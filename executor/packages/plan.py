"""Which tests a package has, and how they are scored: what is the same for all submissions."""

from collections.abc import Sequence
from dataclasses import dataclass

from executor.contract import Group
from executor.packages.errors import PackageError
from executor.packages.tree import Case


@dataclass(frozen=True, slots=True)
class PlannedTest:
    """A test in its place. args: of the submission, with this test. visible: a sample."""

    case: Case
    group: str | None = None
    points: float | None = None
    args: tuple[str, ...] = ()
    visible: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The tests in their order. flags: what the output validator is given, and where that stands.

    best: the most points that there are, if the package says so itself. notes: what was read and
    is not done, a line each.
    """

    tests: tuple[PlannedTest, ...]
    groups: tuple[Group, ...] = ()
    stop_on_first_fail: bool = False
    flags: tuple[str, ...] = ()
    flags_place: str = ""
    best: float | None = None
    notes: tuple[str, ...] = ()


def common_flags(
    given: Sequence[tuple[str, tuple[str, ...]]],
) -> tuple[str, tuple[str, ...]]:
    """The arguments that all tests give to the output validator: (place, arguments) of each.

    Raises PackageError if they differ.
    """
    first_place, first = given[0]
    for place, flags in given:
        if flags != first:
            raise PackageError(
                f"{place}: differs from {first_place}: all tests of a job have one checker, with"
                f" the same arguments ({' '.join(flags) or 'none'}; {' '.join(first) or 'none'})"
            )
    return first_place, first
