"""What script/setup has to do for which languages, from config/languages.toml.

Runs before there is a Python environment: the standard library only.
"""

import argparse
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from executor.toolchain import files_of, first_missing

_FILE = Path(__file__).parents[2] / "config" / "languages.toml"
_COMMANDS = ("compile", "run", "version")

Family = Mapping[str, Any]


class WrongChoice(Exception):
    """The languages asked for cannot be had; the text is one line."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="toolchains")
    parser.add_argument("command", choices=("packages", "absent", "copies", "headers"))
    parser.add_argument("languages", help="standard, all, or ids and families, comma separated")
    options = parser.parse_args()
    try:
        families = chosen(options.languages)
        strict = options.languages not in ("standard", "all")
        match options.command:
            case "packages":
                lines = sorted(packages(families, strict))
            case "absent":
                lines = [name for name, family in families.items() if not _installed(family)]
            case "copies":
                lines = list(copies(families))
            case "headers":
                lines = list(headers(families))
    except WrongChoice as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0


def chosen(languages: str) -> dict[str, Family]:
    """The families, by name, of `standard`, `all` or a list. Raises WrongChoice."""
    families = tomllib.loads(_FILE.read_text())
    if languages == "all":
        return families
    if languages == "standard":
        return {name: each for name, each in families.items() if each.get("standard")}
    found: dict[str, Family] = {}
    for wished in filter(None, languages.split(",")):
        for name, each in families.items():
            if wished in _names(name, each):
                found[name] = each
                break
        else:
            known = ", ".join(families)
            raise WrongChoice(f"--languages: no language '{wished}'; there are {known}")
    return found


def _names(name: str, family: Family) -> set[str]:
    """All that it is known by: as `executor.languages` would find it."""
    variants = family["variants"]
    aliases = (alias for each in (family, *variants.values()) for alias in each.get("aliases", ()))
    return {name, *variants, *aliases}


def _installed(family: Family) -> bool:
    return first_missing(files_of(family[command] for command in _COMMANDS)) is None


def packages(families: Mapping[str, Family], strict: bool) -> set[str]:
    """The packages of what is not installed; what this Debian does not have is left out, and told.

    `strict`: it was asked for by name. Raises WrongChoice then instead.
    """
    missing = {name: each for name, each in families.items() if not _installed(each)}
    available = _available({package for each in missing.values() for package in each["packages"]})
    wanted: set[str] = set()
    for name, each in missing.items():
        lacking = [package for package in each["packages"] if package not in available]
        if not lacking:
            wanted.update(each["packages"])
            continue
        reason = f"this Debian has no package {', '.join(lacking)}"
        if strict:
            raise WrongChoice(f"--languages: {name} cannot be installed: {reason}")
        print(f"setup: {name} is left out: {reason}", file=sys.stderr)
    return wanted


def _available(names: set[str]) -> set[str]:
    """Those that apt could install."""
    if not names:
        return set()
    policy = subprocess.run(
        ["apt-cache", "policy", *names],
        env={**os.environ, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=True,
    )
    found, name = set(), ""
    for line in policy.stdout.splitlines():
        if not line.startswith(" "):
            name = line.rstrip(":")
        elif line.startswith("  Candidate: ") and not line.endswith("(none)"):
            found.add(name)
    return found


def headers(families: Mapping[str, Family]) -> Iterator[str]:
    """`target header compiler words...` for each header that is to be compiled ahead."""
    for family in families.values():
        header = family.get("precompiled")
        if header is None or not _installed(family):
            continue
        for variant in family["variants"].values():
            words = [word.format_map(_Kept(variant["values"])) for word in family["compile"]]
            (folder,) = (word[2:] for word in words if word.startswith("-I"))
            # Up to the first word that is about the program, and without the folder itself.
            command = [word for word in words[: words.index("-o")] if not word.startswith("-I")]
            yield " ".join([f"{folder}/{header}.gch", header, *command])


class _Kept(dict[str, str]):
    """Leaves a placeholder that it does not know as it is."""

    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"


def copies(families: Mapping[str, Family]) -> Iterator[str]:
    """`kind target source` for each copy that is not as it should be. What programs see already
    (below /usr) need only be linked."""
    for family in families.values():
        for target, sources in family.get("copies", {}).items():
            if isinstance(sources, str):
                sources = [sources]
            source = next(filter(os.path.exists, sources), None)
            if source is None:
                continue
            if source.startswith("/usr/"):
                if not os.path.islink(target) or os.readlink(target) != source:
                    yield f"link {target} {source}"
            elif _contents(source) != _contents(target):
                yield f"copy {target} {source}"


def _contents(folder: str) -> set[tuple[str, int, int]]:
    """What files are in it, and how old."""
    return {
        (os.path.relpath(path, folder), os.path.getsize(path), int(os.path.getmtime(path)))
        for parent, _, names in os.walk(folder, followlinks=True)
        for path in (os.path.join(parent, name) for name in names)
        if os.path.exists(path)
    }


if __name__ == "__main__":
    sys.exit(main())
