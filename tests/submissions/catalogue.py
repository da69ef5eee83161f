"""The programs of this folder, as jobs: <language>/<verdict>/<program>.

A language whose toolchain is not installed here has none of its programs in the catalogue.

The folder is the oracle: a program below `cpp/TLE` is judged TLE. All of them solve, or fail to
solve, one problem: read n and n integers, print their sum.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from executor.languages import Language, Languages

LANGUAGES = Languages.load(Path(__file__).parents[2] / "config" / "languages.toml")
FOLDER = Path(__file__).parent
PROBLEM = FOLDER / "problem"

LIMITS: dict[str, Any] = {"cpu_ms": 1000, "memory_kib": 131072, "output_kib": 1024}

TWEAKS: dict[str, dict[str, Any]] = {
    # Only these checkers know of PE, and only waiting reaches WTL.
    "PE": {"checker": {"type": "exact"}},
    "WTL": {"limits": {**LIMITS, "wall_ms": 1500}},
}
"""What a verdict needs to be reached, beyond the plain job."""

JOB_FILE = "job.json"
"""In a folder of its own, a program may bring further fields of its job beside its files."""


@dataclass(frozen=True)
class Submission:
    """One program, or a folder of files (`path`), and the verdict that its folder promises."""

    path: Path
    language: str
    verdict: str

    @property
    def name(self) -> str:
        return f"{self.language}/{self.verdict}/{self.path.name}"

    @property
    def known_as(self) -> Language:
        """Its language, as a worker would find it."""
        return _language(self.language)

    def job(self) -> dict[str, Any]:
        """The job, as a frontend would publish it."""
        return {
            "schema": "oj.job/1",
            "id": self.name.replace("/", "."),
            "language": self.language,
            "limits": LIMITS,
            "policy": {"stop_on_first_fail": True},
            "tests": tests(),
            **self._sources(),
            **TWEAKS.get(self.verdict, {}),
        }

    def _sources(self) -> dict[str, Any]:
        if self.path.is_file():
            return {"source": self.path.read_text()}
        files = [file for file in sorted(self.path.iterdir()) if file.name != JOB_FILE]
        job_file = self.path / JOB_FILE
        more = json.loads(job_file.read_text()) if job_file.exists() else {}
        return {"files": [{"name": file.name, "text": file.read_text()} for file in files], **more}


def tests() -> list[dict[str, Any]]:
    return [
        {
            "id": case.stem,
            "input": {"text": case.read_text()},
            "answer": {"text": case.with_suffix(".ans").read_text()},
        }
        for case in sorted(PROBLEM.glob("*.in"))
    ]


def submissions(standard: bool) -> list[Submission]:
    """Those in languages that are installed, by language and verdict: of the standard set of
    languages, or of the others."""
    paths = sorted(path for path in FOLDER.glob("*/*/*") if path.parent.name.isupper())
    all_ = [Submission(path, path.parent.parent.name, path.parent.name) for path in paths]
    return [
        each for each in all_ if each.known_as.standard == standard and each.known_as.absent is None
    ]


def not_installed() -> list[str]:
    """The ids of the languages that this machine cannot run."""
    return [id for id, language in LANGUAGES.known.items() if language.absent is not None]


def _language(name: str) -> Language:
    language = LANGUAGES.find(name)
    assert language is not None, f"no language {name}"
    return language
