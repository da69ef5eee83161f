"""The blocks of commands of a page, by the heading above them, and somebody who types them."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from stack.paths import ROOT

README = ROOT / "README.md"
OPERATIONS = ROOT / "docs" / "operations.md"
_LONG_S = 900


def commands(page: Path) -> dict[str, list[str]]:
    """The ```sh blocks below each heading that has any, in their order."""
    found: dict[str, list[str]] = {}
    heading = ""
    for part in re.finditer(r"^#+ ([^\n]*)$|^```sh\n(.*?)^```$", page.read_text(), re.M | re.S):
        if part[1] is not None:
            heading = part[1]
        else:
            found.setdefault(heading, []).append(part[2])
    return found


def type_in(folder: Path, text: str, env: Mapping[str, str] | None = None) -> str:
    """What a shell in that folder prints, which stops at the first command that fails."""
    done = subprocess.run(
        ["bash", "-ec", text],
        cwd=folder,
        env=os.environ | (env or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_LONG_S,
        check=False,
    )
    assert done.returncode == 0, f"{text}{done.stdout}{done.stderr}"
    return done.stdout


def changed(text: str, instead: Mapping[str, str]) -> str:
    """The commands but for some words, each of which has to be there."""
    for words, others in instead.items():
        assert words in text
        text = text.replace(words, others)
    return text
