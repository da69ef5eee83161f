"""The glob patterns of submissions.yaml: `*` within a name, and `{a,b}`."""

import re

from executor.packages.errors import PackageError

_BRACES = re.compile(r"\{([^{}]*)\}")
MAX_PATTERNS = 100


def matches(pattern: str, path: str) -> bool:
    """Whether a pattern is of a path, or of a folder that it lies in."""
    names = path.split("/")
    return any(_matches(one.strip("/").split("/"), names) for one in expanded(pattern))


def expanded(pattern: str) -> list[str]:
    """The patterns that one with braces stands for. Raises PackageError if they are too many."""
    patterns = [pattern]
    while any(_BRACES.search(one) for one in patterns):
        patterns = [
            one[: found.start()] + choice + one[found.end() :]
            for one in patterns
            if (found := _BRACES.search(one))
            for choice in found[1].split(",")
        ] + [one for one in patterns if not _BRACES.search(one)]
        if len(patterns) > MAX_PATTERNS:
            raise PackageError(f"{pattern}: stands for more than {MAX_PATTERNS} patterns")
    return patterns


def _matches(parts: list[str], names: list[str]) -> bool:
    return len(parts) <= len(names) and all(
        re.fullmatch(".*".join(map(re.escape, part.split("*"))), name)
        for part, name in zip(parts, names, strict=False)
    )
