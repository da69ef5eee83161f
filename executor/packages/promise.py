"""What the place of a submission promises, and whether a result keeps it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from executor.contract import Result, TestResult, Verdict
from executor.packages.pattern import matches

JUDGED_AS: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.AC: "AC",
        Verdict.PC: "AC",
        Verdict.WA: "WA",
        Verdict.PE: "WA",
        Verdict.TLE: "TLE",
        Verdict.WTL: "TLE",
        Verdict.RTE: "RTE",
        Verdict.SV: "RTE",
        Verdict.MLE: "RTE",
        Verdict.OLE: "RTE",
    }
)
"""The four verdicts of the format: a program that ran into a limit other than time crashed."""

EVERY = frozenset({"AC", "WA", "TLE", "RTE"})


@dataclass(frozen=True, slots=True)
class Requirement:
    """What holds for some tests. place: who says so.

    permitted: what each of them may be; required: what one of them must be; None: anything.
    tests: a pattern of tests or groups; None: all. score: the least and the most.
    """

    place: str
    permitted: frozenset[str] = EVERY
    required: frozenset[str] | None = None
    tests: str | None = None
    score: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """All requirements on a submission. label: how it is shown.

    compiles: False: the compiler must refuse it. partly: more than no points, fewer than all.
    """

    label: str
    requirements: tuple[Requirement, ...] = ()
    compiles: bool = True
    partly: bool = False

    def broken(
        self, result: Result, best: float | None = None, *, partial: bool = False
    ) -> list[str]:
        """What a result does not keep, a line each. best: the most points, if not the result's.

        `partial`: only some of the tests were run, so what some test must be is not asked for.
        """
        if result.status != "done" or result.verdict is Verdict.JE:
            return ["was not judged"]
        if result.verdict in (Verdict.CE, Verdict.CTL):
            return [] if not self.compiles else ["does not compile"]
        if not self.compiles:
            return ["compiles"]
        if partial:
            return [line for one in self.requirements for line in _forbidden(one, result)]
        lines = [line for one in self.requirements for line in _unkept(one, result)]
        if self.partly:
            lines += _not_partly(result, best)
        return lines


def _unkept(requirement: Requirement, result: Result) -> Iterator[str]:
    yield from _forbidden(requirement, result)
    judged = list(_judged(requirement, result))
    wanted = requirement.required
    if wanted is not None and not any(JUDGED_AS.get(test.verdict) in wanted for test in judged):
        where = "" if requirement.tests is None else f" of {requirement.tests}"
        yield f"no test{where} is {_either(wanted)}"
    if requirement.score is not None:
        low, high = requirement.score
        score = _score(requirement, result)
        if score is None:
            yield f"{requirement.place}: there is no group {requirement.tests}"
        elif not low - 1e-6 <= score <= high + 1e-6:
            said = f"{low:g}" if low == high else f"{low:g} to {high:g}"
            yield f"{requirement.tests or 'the score'}: {score:g} points, not {said}"


def _forbidden(requirement: Requirement, result: Result) -> Iterator[str]:
    """The first test that is what it may not be."""
    for test in _judged(requirement, result):
        if JUDGED_AS.get(test.verdict) not in requirement.permitted:
            yield f"test {test.id} is {test.verdict}, not {_either(requirement.permitted)}"
            return


def _judged(requirement: Requirement, result: Result) -> Iterator[TestResult]:
    """The tests it is about that were run."""
    for test in result.tests or ():
        if test.verdict is not Verdict.SK and (
            requirement.tests is None or matches(requirement.tests, test.id)
        ):
            yield test


def _score(requirement: Requirement, result: Result) -> float | None:
    if requirement.tests in (None, "secret"):
        return result.score
    return next(
        (g.score for g in result.groups or () if matches(requirement.tests or "", g.id)), None
    )


def _not_partly(result: Result, best: float | None) -> Iterator[str]:
    score, most = result.score or 0.0, result.max_score if best is None else best
    if score <= 0:
        yield "has no points"
    elif most is not None and score >= most - 1e-9:
        yield f"has all of the {most:g} points"


def _either(verdicts: frozenset[str]) -> str:
    *others, last = sorted(verdicts) or ["anything"]
    return f"{', '.join(others)} or {last}" if others else last
