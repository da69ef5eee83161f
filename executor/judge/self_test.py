"""Whether a language works on this machine."""

import re
import tempfile
from functools import partial
from pathlib import Path

from executor.contract import Limits, Lines
from executor.contract import Program as Sources
from executor.judge.capture import Capture
from executor.judge.checkers import compare
from executor.judge.compile import compile_program
from executor.judge.health import Health, HealthRecord
from executor.judge.run import Run, Task, run_program
from executor.judge.sources import lay_out
from executor.judge.testdata import Blobs
from executor.judge.units import milliseconds
from executor.languages import Language
from executor.sandbox import RequestRefused, RunSpec, SandboxFault, Slot

EXPECTED = b"hello\n"
LIMITS = Limits(cpu_ms=10_000, memory_kib=524_288, output_kib=64)
"""Wide: a worker that starts on a loaded machine must not lose its languages."""

_VERSION = re.compile(r"\d+(?:\.\d+)*")


def examine(slot: Slot, language: Language, record: HealthRecord | None = None) -> Health:
    """Asks for the version, then compiles and runs the self-test, unless `record` remembers it.

    A sandbox that fails is the language's fault here: it also fails to start what is not there.
    """
    if record is not None:
        return record.look_up(slot, language, lambda: examine(slot, language))
    try:
        return _tested(slot, language, _runtime(slot, language))
    except (SandboxFault, RequestRefused) as error:
        return Health(fault=str(error), runtime=language.runtime)


def _tested(slot: Slot, language: Language, runtime: str) -> Health:
    with tempfile.TemporaryDirectory(prefix="self-test-") as name:
        folder = Path(name)
        program = Sources(language=language.id, source=language.self_test)
        tree = lay_out(program, language, folder, {}, Blobs(folder))
        compilation = compile_program(slot, language, tree, folder)
        if compilation.program is None:
            first = (compilation.result.output.splitlines() or ["no message"])[0]
            fault = f"its self-test does not compile: {first}"
            return Health(fault=fault, runtime=runtime)
        applied = language.apply(LIMITS, use_factors=True)
        task = Task(compilation.program, applied, (), None, folder, keep_bytes=1024)
        run = run_program(slot, task, partial(compare, Lines(type="lines"), EXPECTED))
        return Health(
            fault=None if run.verdict == "AC" else _words(run),
            runtime=runtime,
            cpu_ms=milliseconds(run.outcome.cpu_us),
            memory_kib=run.outcome.memory_kib,
        )


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
