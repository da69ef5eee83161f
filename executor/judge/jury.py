"""Programs of the problem setter's: checkers and interactors, and what their exit codes mean."""

import dataclasses
import math
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, assert_never

from executor.box import Box, NoFile
from executor.contract import Program as Sources
from executor.judge.capture import Capture
from executor.judge.compile import Compiler, Program
from executor.judge.difference import CheckResult
from executor.judge.sources import BadSources, lay_out
from executor.judge.testdata import Blobs
from executor.languages import Applied, Languages
from executor.sandbox import BoxFile, Ending, Outcome, RunSpec, Slot

Protocol = Literal["testlib", "kattis"]
Role = Literal["checker", "interactor"]

FOLDER = ".jury"
"""In the box of such a program: what the judge gives it, apart from its own files."""

MAX_MESSAGE_BYTES = 1024
MAX_FEEDBACK_FILES = 100
MAX_FEEDBACK_BYTES = 16 * 1024 * 1024
_FEEDBACK = f"{FOLDER}/feedback/"
_NEXT_PASS = "nextpass.in"
_ACCEPTED, _WRONG = 42, 43
_POINTS = re.compile(r"\s*points\s+(\S+)\s*(.*)", re.DOTALL)


class ProgramUnusable(Exception):
    """It does not compile, crashes, hangs, floods, or ends with a code that means nothing.

    The text says which program, and what is wrong with it. Never the submission's fault.
    said: its own words, which may be of a hidden test.
    """

    def __init__(self, text: str, said: str = "") -> None:
        super().__init__(text)
        self.said = said


class UnknownLanguage(Exception):
    """The worker has no such language; `path` is the field that names it."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


@dataclass(frozen=True, slots=True)
class Given:
    """What a test gives the judge, and what else a box is to hold of it.

    feedback: the files of the feedback folder, by name, as earlier passes have left them. There is
    one at least, for the folder to be there.
    """

    input: Path
    answer: Path
    feedback: Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class Finding:
    """What such a program made of a run.

    feedback: what it left in its feedback folder, by name; `nextpass.in` is not among it.
    next_input: `nextpass.in`, if it asks for another pass.
    output: what a testlib interactor wrote for a checker; None if it is none, or wrote nothing.
    """

    check: CheckResult
    feedback: Mapping[str, Path] = field(default_factory=dict)
    next_input: Path | None = None
    output: Path | None = None


@dataclass(frozen=True, slots=True)
class JuryProgram:
    """One that was compiled, with the limits of its own."""

    role: Role
    protocol: Protocol
    program: Program
    applied: Applied
    args: Sequence[str]

    def spec(self, given: Given, more: Sequence[BoxFile] = ()) -> RunSpec:
        """The run of it, with the test's files in its box.

        testlib: `input output answer`; kattis: `input answer feedback_dir/`. `more` are further
        files, in FOLDER.
        """
        names = {"input": f"{FOLDER}/input", "answer": f"{FOLDER}/answer"}
        files = [BoxFile(names["input"], given.input), BoxFile(names["answer"], given.answer)]
        match self.protocol:
            case "testlib":
                args = (names["input"], f"{FOLDER}/output", names["answer"])
            case "kattis":
                args = (names["input"], names["answer"], _FEEDBACK)
                files += [
                    BoxFile(_FEEDBACK + name, path, "w") for name, path in given.feedback.items()
                ]
            case _:
                assert_never(self.protocol)
        language = self.program.language
        return RunSpec(
            argv=language.run_argv(self.program.entry, (*args, *self.args), self.applied),
            limits=self.applied.limits,
            env=language.environment,
            files=(*self.program.files, *files, *more),
        )

    def with_wall_ms(self, wall_ms: int) -> "JuryProgram":
        """The same with at least so much time by the clock."""
        limits = self.applied.limits
        longer = dataclasses.replace(limits, wall_ms=max(limits.wall_ms, wall_ms))
        return dataclasses.replace(self, applied=dataclasses.replace(self.applied, limits=longer))

    def check(self, slot: Slot, given: Given, output: Path, points: float, folder: Path) -> Finding:
        """Has it check an output. Raises ProgramUnusable, and as `Slot.run` does.

        points: what the test is worth. folder: takes what it leaves.
        """
        stdin = output if self.protocol == "kattis" else None
        more = [BoxFile(f"{FOLDER}/output", output)] if self.protocol == "testlib" else []
        said = Capture(MAX_MESSAGE_BYTES)
        with slot.run(self.spec(given, more), stdin, _ignore, said.feed) as outcome:
            return self.finding(outcome, said, points, folder)

    def finding(self, outcome: Outcome, said: Capture, points: float, folder: Path) -> Finding:
        """What its end and what it left mean. Raises ProgramUnusable."""
        if outcome.ending is not Ending.EXITED:
            raise ProgramUnusable(f"the {self.role} {_how(outcome)}")
        if self.protocol == "testlib":
            check = testlib_result(self.role, outcome.exit_code, said.text(), points)
            output = _take_output(outcome.box, folder) if self.role == "interactor" else None
            return Finding(check, output=output)
        if outcome.exit_code not in (_ACCEPTED, _WRONG):
            raise ProgramUnusable(f"the {self.role} {_how(outcome)}", said.text().strip())
        feedback = _take_feedback(outcome.box, folder, self.role)
        next_input = feedback.pop(_NEXT_PASS, None)
        check = kattis_result(self.role, outcome.exit_code, feedback)
        return Finding(check, feedback, next_input if check.verdict == "AC" else None)


def prepare(
    slot: Slot,
    compiler: Compiler,
    languages: Languages,
    role: Role,
    protocol: Protocol,
    sources: Sources,
    folder: Path,
    blobs: Blobs,
) -> JuryProgram:
    """Compiles it below `folder`.

    Raises ProgramUnusable, UnknownLanguage, BadSources, and as `Slot.run` does.
    """
    path = f"{role}.program"
    language = languages.find(sources.language)
    if language is None:
        raise UnknownLanguage(f"{path}.language")
    try:
        tree = lay_out(sources, language, folder, {"name": FOLDER}, blobs)
    except BadSources as bad:
        problem = bad.problem
        raise BadSources(f"{path}.{problem.path}", problem.code, problem.message) from None
    compilation = compiler.compile(slot, language, tree, folder)
    if compilation.program is None:
        said = " ".join(compilation.result.output.split())[:MAX_MESSAGE_BYTES]
        raise ProgramUnusable(f"the {role} does not compile: {said}")
    applied = language.apply(sources.limits, use_factors=True)
    return JuryProgram(role, protocol, compilation.program, applied, sources.args)


def testlib_result(role: Role, exit_code: int, said: str, points: float) -> CheckResult:
    """The meaning of a testlib program's exit code: ok, wa, pe, fail, points.

    Source: `TResult` and `quitp` in https://github.com/MikeMirzayanov/testlib.
    Raises ProgramUnusable.
    """
    message = said.strip() or None
    match exit_code:
        case 0:
            return CheckResult("AC", message)
        case 1:
            return CheckResult("WA", message)
        case 2:
            return CheckResult("PE", message)
        case 7:
            return _partial(role, said, points)
        case _:
            raise ProgramUnusable(f"the {role} ended with exit code {exit_code}", message or "")


def _partial(role: Role, said: str, points: float) -> CheckResult:
    """Of p points: WA at 0, AC at the test's, else PC."""
    match = _POINTS.match(said)
    earned = _number(match[1]) if match else None
    if match is None or earned is None:
        raise ProgramUnusable(f"the {role} gave points and did not say how many", said.strip())
    message = match[2].strip() or None
    if earned == 0:
        return CheckResult("WA", message)
    if earned >= points:
        return CheckResult("AC", message, score=points)
    return CheckResult("PC", message, score=earned)


def kattis_result(role: Role, exit_code: int, feedback: Mapping[str, Path]) -> CheckResult:
    """The meaning of a Kattis validator's exit code and feedback files.

    Source: the problem package format, "Output validator". Raises ProgramUnusable.
    """
    texts = (_text(feedback, name) for name in ("teammessage.txt", "judgemessage.txt"))
    message = next((text for text in texts if text), None)
    if exit_code == _WRONG:
        return CheckResult("WA", message)
    if "score.txt" not in feedback:
        return CheckResult("AC", message)
    score = _number(_text(feedback, "score.txt") or "")
    if score is None:
        raise ProgramUnusable(f"the {role}'s score.txt holds no number from 0 on")
    return CheckResult("AC", message, score=score)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _text(feedback: Mapping[str, Path], name: str) -> str | None:
    if name not in feedback:
        return None
    with feedback[name].open("rb") as file:
        return file.read(MAX_MESSAGE_BYTES).decode(errors="replace").strip()


def _take_feedback(box: Box, folder: Path, role: Role) -> dict[str, Path]:
    """Copies the feedback folder out of the box: files only, and none in folders of its own."""
    taken: dict[str, Path] = {}
    left = MAX_FEEDBACK_BYTES
    try:
        for number, (name, file) in enumerate(box.files_in(_FEEDBACK, MAX_FEEDBACK_FILES)):
            path = folder / f"feedback-{number}"
            content = file.read(left + 1)
            left -= len(content)
            if left < 0:
                raise NoFile(f"more than {MAX_FEEDBACK_BYTES} bytes")
            path.write_bytes(content)
            taken[name] = path
    except NoFile as error:
        raise ProgramUnusable(f"the {role}'s feedback folder: {error}") from None
    return taken


def _take_output(box: Box, folder: Path) -> Path | None:
    path = folder / "interactor-output"
    try:
        with box.open(f"{FOLDER}/output") as source, path.open("wb") as target:
            shutil.copyfileobj(source, target)
    except NoFile:
        return None
    return path


def _how(outcome: Outcome) -> str:
    match outcome.ending:
        case Ending.EXITED:
            return f"ended with exit code {outcome.exit_code}"
        case Ending.SIGNALLED:
            return f"was ended by signal {outcome.signal}"
        case Ending.CPU | Ending.WALL:
            return "ran out of its time limit"
        case Ending.MEMORY:
            return "ran out of its memory limit"
        case Ending.OUTPUT:
            return "ran into its output limit"
        case Ending.FORBIDDEN:
            return f"made a forbidden system call ({outcome.call or 'unknown'})"
        case _:
            assert_never(outcome.ending)


def _ignore(_chunk: memoryview) -> None:
    """Standard output is nobody's."""
