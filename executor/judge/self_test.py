"""Whether a language works on this machine."""

import re
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from executor.contract import Limits, Lines
from executor.contract import Program as Sources
from executor.judge.capture import Capture
from executor.judge.checkers import compare
from executor.judge.compile import compile_program
from executor.judge.run import Run, Task, run_program
from executor.judge.sources import lay_out
from executor.judge.testdata import Blobs
from executor.languages import Language
from executor.sandbox import RequestRefused, RunSpec, SandboxFault, Slot

EXPECTED = b"hello\n"
LIMITS = Limits(cpu_ms=10_000, memory_kib=524_288, output_kib=64)
"""Wide: a worker that starts on a loaded machine must not lose its languages."""

_VERSION = re.compile(r"\d+(?:\.\d+)*")


@dataclass(frozen=True, slots=True)
class Health:
    """`fault` is None if it works, else says in one line why it does not.

    runtime: compiler or interpreter, with its version: `g++ 12.2.0`.
    """

    fault: str | None
    runtime: str


def examine(slot: Slot, language: Language) -> Health:
    """Asks for the version, then compiles and runs the self-test.

    A sandbox that fails is the language's fault here: it also fails to start what is not there.
    """
    try:
        runtime = _runtime(slot, language)
        return Health(_fault(slot, language), runtime)
    except (SandboxFault, RequestRefused) as error:
        return Health(str(error), language.runtime)


def _fault(slot: Slot, language: Language) -> str | None:
    with tempfile.TemporaryDirectory(prefix="self-test-") as name:
        folder = Path(name)
        program = Sources(language=language.id, source=language.self_test)
        tree = lay_out(program, language, folder, {}, Blobs(folder))
        compilation = compile_program(slot, language, tree, folder)
        if compilation.program is None:
            first = (compilation.result.output.splitlines() or ["no message"])[0]
            return f"its self-test does not compile: {first}"
        applied = language.apply(LIMITS, use_factors=True)
        task = Task(compilation.program, applied, (), None, folder, keep_bytes=1024)
        run = run_program(slot, task, partial(compare, Lines(type="lines"), EXPECTED))
        return None if run.verdict == "AC" else _words(run)


def _words(run: Run) -> str:
    outcome = run.outcome
    said = " ".join((run.stdout.text() + " " + run.stderr.text()).split())[:200]
    how = f"exit code {outcome.exit_code}, signal {outcome.signal}"
    return f"its self-test is {run.verdict} ({outcome.ending}, {how}): {said or 'no output'}"


def _runtime(slot: Slot, language: Language) -> str:
    capture = Capture(1024)
    spec = RunSpec(
        argv=language.version,
        limits=language.compile_limits.run_limits(),
        env=language.environment,
        profile="compile",
    )
    with slot.run(spec, None, capture.feed, capture.feed) as outcome:
        version = _VERSION.search(capture.text())
    if outcome.exit_code or outcome.signal or version is None:
        return language.runtime
    return f"{language.runtime} {version[0]}"
