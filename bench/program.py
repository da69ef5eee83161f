"""C programs of ours: compiled static, and run in a slot."""

import subprocess
from pathlib import Path

from executor.languages import Languages
from executor.sandbox import BoxFile, Outcome, RunLimits, RunSpec, Slot
from stack import RunFolder
from stack.paths import ROOT

_NAME = "program"


def build(folder: RunFolder, source: str) -> Path:
    """The executable of bench/`source`, in a place where every user may read it."""
    program = folder.path / Path(source).stem
    file = ROOT / "bench" / source
    subprocess.run(["gcc", "-O2", "-s", "-static", "-o", program, file], check=True)
    return program


def compiled(folder: Path, language: str, source: str) -> Path:
    """The executable of a source, compiled in that folder as a worker would."""
    (folder / "main.c").write_text(source)
    known = Languages.load(ROOT / "config" / "languages.toml").find(language)
    assert known is not None
    subprocess.run(known.compile_argv("main.c", ["main.c"]), cwd=folder, check=True)
    return folder / "program"


def run(
    slot: Slot,
    program: Path,
    *arguments: str,
    cpu_ms: int = 10_000,
    memory_kib: int = 65_536,
    output_kib: int = 1024,
    processes: int = 1,
) -> tuple[Outcome, str]:
    """What the program did, its box closed, and what it printed."""
    limits = RunLimits(
        cpu_ms=cpu_ms,
        wall_ms=60_000,
        memory_kib=memory_kib,
        stack_kib=8192,
        output_kib=output_kib,
        processes=processes,
    )
    files = (BoxFile(_NAME, program, "x"),)
    spec = RunSpec((f"./{_NAME}", *arguments), limits, files=files)
    printed = bytearray()
    with slot.run(spec, None, printed.extend, lambda _: None) as outcome:
        return outcome, printed.decode()


def succeed(outcome: Outcome) -> Outcome:
    """The outcome of a run that must have gone well. Raises RuntimeError."""
    if outcome.ending != "exited" or outcome.exit_code:
        raise RuntimeError(f"a run did not end well: {outcome}")
    return outcome
