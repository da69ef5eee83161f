"""Which files of the host a language needs. Used by script/setup before there is any package:
the standard library only."""

import os
from collections.abc import Iterable, Sequence

_SHOWN = ("/usr/", "/bin/")


def files_of(commands: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """The host's files that command lines name, also in a list (`-cp program.jar:/usr/x.jar`)."""
    parts = (
        part
        for command in commands
        for element in command
        for part in element.split(":")
        if part.startswith(_SHOWN)
    )
    return tuple(dict.fromkeys(parts))


def first_missing(files: Iterable[str]) -> str | None:
    """The first that is not here."""
    return next((file for file in files if not os.path.exists(file)), None)
