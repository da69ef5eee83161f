"""The blocks of commands of a page, by the heading above them."""

import re
from pathlib import Path

from stack.paths import ROOT

OPERATIONS = ROOT / "docs" / "operations.md"


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
