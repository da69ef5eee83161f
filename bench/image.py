"""What our image weighs, and whose each part of it is."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stack.docker import build, docker
from stack.paths import ROOT

_MB = 1e6
_APT = "apt-get install"
_LANGUAGES = 'script/languages "$LANGUAGES"'


@dataclass(frozen=True, slots=True)
class Weight:
    """In MB of a million bytes, as Docker tells them.

    base: Debian's, which the image is built upon. packages: what Debian's packages bring that a
    worker needs, Python and supervisord above all. languages: what script/languages brings:
    Debian's packages again, and headers that it compiles. ours: every other layer: the Python
    environment with all that we import, safeexec, executor, config, scripts.
    """

    base: float = 0
    packages: float = 0
    languages: float = 0
    ours: float = 0

    @property
    def total(self) -> float:
        return self.base + self.packages + self.languages + self.ours


@contextmanager
def built(tag: str, languages: str) -> Iterator[str]:
    """An image of the clone. Its layers stay: the next build finds them."""
    build(tag, LANGUAGES=languages)
    try:
        yield tag
    finally:
        docker("image", "rm", "--no-prune", tag)


def weigh(tag: str) -> Weight:
    """By the layers and the commands that made them, which `docker history` has."""
    layers, below = _layers(tag), len(_layers(_base()))
    of_base, above = layers[-below:], layers[:-below]
    parts = {"base": sum(size for _, size in of_base), "packages": 0, "languages": 0, "ours": 0}
    for command, size in above:
        parts[_whose(command)] += size
    return Weight(**{name: size / _MB for name, size in parts.items()})


def _whose(command: str) -> str:
    if _LANGUAGES in command:
        return "languages"
    return "packages" if _APT in command else "ours"


def _layers(tag: str) -> list[tuple[str, int]]:
    """The command and the bytes of each, the uppermost first."""
    told = docker("history", "--no-trunc", "--human=false", "--format={{json .}}", tag)
    layers = map(json.loads, told.splitlines())
    return [(layer["CreatedBy"], int(layer["Size"])) for layer in layers]


def _base() -> str:
    """What the last stage of the Dockerfile is built upon."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    return [line.split()[1] for line in lines if line.startswith("FROM ")][-1]
