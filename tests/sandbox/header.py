"""The header of a hostile program: what it attacks, and what must be seen at each level.

Attacks: WHAT, by HOW.
Limits: key=number ...                       (beside the client's defaults)
Profile: compile                             (the file is a source for the real compiler)
Expect: outcome=memory|cpu memory_kib>=1000  (at level full)
At LEVEL[,LEVEL]: key=value ...              (instead, at a weaker level)
At unnamed: key=value ...                    (instead, where the host cannot tell which call was
                                             forbidden: then `call` may be empty everywhere)
Not stopped at LEVEL[,LEVEL]: REASON         (the attack succeeds there)
"""

import operator
import re
from dataclasses import dataclass, replace
from pathlib import Path

LEVELS = ("full", "namespaces", "user", "restricted")
UNNAMED = "unnamed"

_KEY = re.compile(r"(Attacks(?: nothing)?|Limits|Profile|Expect|At|Not stopped at)\b([^:]*):\s*")
_CLAIM = re.compile(r"(\w+)(>=|<=|=)(.*)")
_RELATIONS = {">=": operator.ge, "<=": operator.le}


@dataclass(frozen=True)
class Claim:
    """What an answer's field must be: one of some words, or a number within a bound."""

    key: str
    relation: str
    value: str

    @property
    def words(self) -> list[str]:
        return self.value.split("|")

    def holds(self, answer: dict[str, str]) -> bool:
        seen = answer.get(self.key)
        if seen is None:
            return False
        if self.relation == "=":
            return seen in self.words
        return bool(_RELATIONS[self.relation](int(seen), int(self.value)))


@dataclass(frozen=True)
class Header:
    attacks: str
    limits: dict[str, int]
    profile: str
    expect: tuple[Claim, ...]
    unnamed: tuple[Claim, ...]
    """The same where calls are not named."""
    not_stopped: str | None
    """Why this level does not stop it; None if it must."""

    @property
    def outcomes(self) -> set[str]:
        """Those that it may have."""
        return {word for claim in self.expect if claim.key == "outcome" for word in claim.words}

    def broken(self, answer: dict[str, str], *, calls_are_named: bool = True) -> list[str]:
        """What was to be seen and is not."""
        return [
            f"{claim.key}{claim.relation}{claim.value}"
            for claim in (self.expect if calls_are_named else self.unnamed)
            if not claim.holds(answer)
        ]


def header_of(source: Path, level: str) -> Header:
    fields = _fields(source)
    assert "Attacks" in fields, f"{source.name}: the header does not say what it attacks"
    assert "Expect" in fields, f"{source.name}: the header does not say what must be seen"
    expect = _claims(source, fields["Expect"])
    if ("At", level) in fields:
        expect |= _claims(source, fields["At", level])
    unnamed = expect | _claims(source, fields.get(("At", UNNAMED), ""))
    if "call" in unnamed:
        unnamed["call"] = replace(unnamed["call"], value=f"{unnamed['call'].value}|")
    return Header(
        attacks=fields["Attacks"],
        limits={
            key: int(value)
            for key, value in (pair.split("=") for pair in fields.get("Limits", "").split())
        },
        profile=fields.get("Profile", "run"),
        expect=tuple(expect.values()),
        unnamed=tuple(unnamed.values()),
        not_stopped=fields.get(("Not stopped at", level)),
    )


def _fields(source: Path) -> dict[str | tuple[str, str], str]:
    """The text of each field; those that hold at some levels once for each of them."""
    found: dict[str | tuple[str, str], str] = {}
    keys: list[str | tuple[str, str]] = []
    for line in _comment(source.read_text().splitlines()):
        match = _KEY.match(line)
        if match:
            word = match[1].removesuffix(" nothing")
            levels = [level for level in re.split(r"[,\s]+", match[2]) if level]
            assert set(levels) <= {*LEVELS, UNNAMED}, f"{source.name}: no such level: {line}"
            keys = [(word, level) for level in levels] or [word]
            line = line[match.end() :]
        for key in keys:
            found[key] = f"{found.get(key, '')} {line}".strip()
    return found


def _comment(lines: list[str]) -> list[str]:
    """The lines of the comment that the file opens with, without its marks."""
    if lines[0].startswith("#!"):
        lines = lines[1:]
    text = []
    for line in lines:
        if not line.lstrip().startswith(("/*", "*", "//", "#")) or line.strip() == "*/":
            break
        text.append(line.strip().lstrip("/*#").removesuffix("*/").strip())
        if line.rstrip().endswith("*/"):
            break
    return text


def _claims(source: Path, text: str) -> dict[str, Claim]:
    matches = [_CLAIM.fullmatch(word) for word in text.split()]
    assert all(matches), f"{source.name}: key=value is wanted: {text}"
    return {match[1]: Claim(*match.groups()) for match in matches if match}
