"""Milliseconds for a C++ submission with 50 tests, against the DMOJ judge on the same problem."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from bench import sorting
from bench.figures import Bar, Figures, compare
from bench.sampling import Sample, side_by_side
from stack import Frontend, RunFolder, Stack

RUNS = 9
VERSION = "4.1.0"

_DMOJ = f"DMOJ {VERSION}"
_EXECUTOR = "executor"
_LANGUAGE = "CPP17"
_AT_LEAST_TIMES_FASTER = 3.0
_BUILT_WITH = "libseccomp-dev"


def run() -> Figures:
    """Both compile each time, and compare all outputs.

    The executor's are from publishing to the verdict, DMOJ's from `submit` to its last line.
    """
    with (
        RunFolder() as folder,
        _Dmoj(folder.make("dmoj")) as dmoj,
        Stack(languages=[sorting.LANGUAGE]) as stack,
        Frontend(stack.amqp_url) as frontend,
    ):
        contestants = {
            _DMOJ: dmoj.judged(sorting.comments()),
            _EXECUTOR: sorting.judged(frontend, sorting.comments()),
        }
        samples = side_by_side(contestants, RUNS)
    faster = statistics.median(samples[_DMOJ]) / statistics.median(samples[_EXECUTOR])
    bar = Bar(f"{_EXECUTOR}, faster than {_DMOJ}", faster, _AT_LEAST_TIMES_FASTER, "times", True)
    title = f"C++ with <bits/stdc++.h> and {sorting.TESTS} tests"
    return compare(title, "ms", samples, [bar])


class _Dmoj:
    """DMOJ's own shell, `dmoj-cli`, of an environment that is made for it. A context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._source = folder / "submission.cpp"
        command = _install(folder)
        problem = folder / "problems" / "sort"
        problem.mkdir(parents=True)
        (folder / "tmp").mkdir()
        sorting.lay_out(problem)
        cases = range(1, sorting.TESTS + 1)
        (problem / "init.yml").write_text(
            "test_cases:\n"
            + "".join(f"- {{in: {case}.in, out: {case}.out, points: 1}}\n" for case in cases)
        )
        (folder / "judge.yml").write_text(
            f"id: bench\nkey: none\nproblem_storage_globs: [{folder}/problems/*]\n"
            f"runtime: {{g++17: /usr/bin/g++}}\ntempdir: {folder}/tmp\ncompiler_time_limit: 60\n"
        )
        options = f"--no-ansi -c {folder}/judge.yml -e {_LANGUAGE} --history {folder}/history"
        self._process = subprocess.Popen(
            [command, *options.split()],
            env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def judged(self, comments: Iterator[str]) -> Sample:
        def sample() -> float:
            self._source.write_text(sorting.SOURCE + next(comments))
            start = time.perf_counter()
            said = self._submit()
            elapsed = time.perf_counter() - start
            if sum(" AC " in line for line in said) != sorting.TESTS:
                raise RuntimeError(f"DMOJ does not accept the sorting program: {said}")
            return elapsed * 1000

        return sample

    def _submit(self) -> list[str]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"submit sort {_LANGUAGE} {self._source}\n")
        self._process.stdin.flush()
        said: list[str] = []
        for line in self._process.stdout:
            said.append(line)
            if line.startswith("Done grading"):
                return said
        raise RuntimeError(f"DMOJ has ended: {said}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


def _install(folder: Path) -> Path:
    """Builds DMOJ in `folder`; its command. Debian's package for that is only unpacked there."""
    python, root = folder / "venv" / "bin" / "python", folder / "root"
    commands = (
        f"apt-get -qq download {_BUILT_WITH}",
        f"dpkg -x {_BUILT_WITH}_*.deb {root}",
        f"{sys.executable} -m venv venv",
        f"{python} -m pip install --quiet dmoj=={VERSION}",
    )
    env = os.environ | {
        "CPATH": f"{root}/usr/include",
        "LIBRARY_PATH": f"{root}/usr/lib/x86_64-linux-gnu",
    }
    for command in commands:
        told = subprocess.run(
            command,
            shell=True,
            cwd=folder,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if told.returncode:
            raise RuntimeError(f"DMOJ cannot be built here: {command}: {told.stdout[-1000:]}")
    return python.with_name("dmoj-cli")
