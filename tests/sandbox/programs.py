"""How each kind of hostile program gets into the box, and how it is run there.

A C file is compiled outside, statically; a Java file outside too; Python and shell run as they are.
With `Profile: compile` in its header a file is a source that the real compiler gets in the box, and
a folder is one with more files: its Main.java is the source, its other Java files come as classes.
"""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.sandbox.client import DEFAULT_LIMITS
from tests.sandbox.header import Header, header_of
from tests.sandbox.service import LEVEL

HOSTILE = Path(__file__).parent / "hostile"
WITHOUT = set(os.environ.get("SAFEEXEC_WITHOUT", "").replace(",", " ").split())
"""What this place lacks, of the names in TOOLCHAINS."""

TOOLCHAINS = {".c": "gcc", ".cpp": "g++", ".java": "java", ".py": "python3", ".sh": "sh"}

JAVA = ["/usr/bin/java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"]
JAVAC = [
    "/usr/bin/javac",
    "-J-Xmx256m",
    "-J-XX:+UseSerialGC",
    "-J-XX:TieredStopAtLevel=1",
    "-J-XX:-UsePerfData",
]
RUN = {
    ".c": ["./program"],
    ".java": [*JAVA, "-Xmx64m", "-Xss1m", "-cp", ".", "Main"],
    ".py": ["/usr/bin/python3", "program.py"],
    ".sh": ["/bin/sh", "program.sh"],
}
COMPILE = {
    ".c": ["/usr/bin/gcc", "-O1", "-o", "program", "program.c"],
    ".cpp": ["/usr/bin/g++", "-std=c++20", "-O1", "-o", "program", "program.cpp"],
    ".java": [*JAVAC, "-cp", ".", "Main.java"],
}
COMPILE_LIMITS = {
    "cpu_ms": 5000,
    "wall_ms": 30000,
    "memory_kib": 524288,
    "output_kib": 16384,
    "processes": 64,
}
JAVA_LIMITS = {"cpu_ms": 5000, "memory_kib": 262144, "processes": 64}
PATIENCE = int(os.environ.get("SAFEEXEC_PATIENCE", "1"))
"""How many times longer a program may take that is to end by itself. Emulated code is slow."""


@dataclass(frozen=True)
class Program:
    source: Path
    header: Header

    @property
    def main(self) -> Path:
        return main_of(self.source)

    @property
    def limits(self) -> dict[str, int]:
        compiles = self.header.profile == "compile"
        java = JAVA_LIMITS if self.main.suffix == ".java" else {}
        own = (COMPILE_LIMITS if compiles else java) | self.header.limits
        limits = {key: DEFAULT_LIMITS[key] for key in ("cpu_ms", "wall_ms")} | own
        # A limit that is to be broken stays as it is.
        for key, outcome in (("cpu_ms", "cpu"), ("wall_ms", "wall")):
            limits[key] *= 1 if outcome in self.header.outcomes else PATIENCE
        return limits

    def argv(self, secret: Path) -> list[str]:
        """The secret's path is a macro for sources in C and C++."""
        suffix = self.main.suffix
        if self.header.profile != "compile":
            return RUN[suffix]
        macro = [] if suffix == ".java" else [f'-DSECRET="{secret}"']
        return [COMPILE[suffix][0], *macro, *COMPILE[suffix][1:]]

    def files(self, compiled: Callable[[Path], Path], folder: Path) -> dict[str, Path]:
        """Names in the box, and where their content is; `folder` takes what javac makes."""
        suffix = self.main.suffix
        if self.source.is_dir():
            return files_below(self.source) | classes(self.source, folder)
        if self.header.profile == "compile":
            return {"Main.java" if suffix == ".java" else f"program{suffix}": self.source}
        if suffix == ".c":
            return {"program": compiled(self.source)}
        if suffix == ".java":
            return classes(self.source, folder)
        return {f"program{suffix}": self.source}


def main_of(source: Path) -> Path:
    return source / "Main.java" if source.is_dir() else source


def files_below(folder: Path) -> dict[str, Path]:
    return {
        str(path.relative_to(folder)): path
        for path in folder.rglob("*")
        if path.is_file() and (path.suffix != ".java" or path.name == "Main.java")
    }


def classes(source: Path, folder: Path) -> dict[str, Path]:
    """The classes of a Java file, or of a folder's files but Main.java; made once."""
    target = folder / source.stem
    if not target.exists():
        sources = [source] if source.is_file() else set(source.glob("*.java")) - {main_of(source)}
        command = [*JAVAC, "-proc:none", "-d", str(target), *map(str, sources)]
        subprocess.run(command, check=True, capture_output=True, text=True)
    return {str(path.relative_to(target)): path for path in target.rglob("*.class")}


def programs() -> list[Program]:
    """All that this place can run."""
    return [
        Program(source, header_of(main_of(source), LEVEL))
        for source in sorted(HOSTILE.iterdir())
        if TOOLCHAINS[main_of(source).suffix] not in WITHOUT
    ]
