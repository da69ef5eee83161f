"""How what the commands print looks: for a person at a terminal, or in a file."""

from rich.console import Console
from rich.table import Table

_PLAIN_WIDTH = 140


def console() -> Console:
    """On stdout; coloured and as wide as it is if that is a terminal."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=_PLAIN_WIDTH)


def table(left: tuple[str, ...], right: tuple[str, ...] = ()) -> Table:
    """One without lines; numbers stand in the columns of `right`."""
    made = Table(box=None, pad_edge=False)
    for heading in left:
        made.add_column(heading, overflow="fold")
    for heading in right:
        made.add_column(heading, justify="right", no_wrap=True)
    return made


def duration(seconds: float) -> str:
    """`0.42 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `4 d 1 h`."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    left = round(seconds)
    for unit, size, smaller, part in (
        ("d", 86_400, "h", 3600),
        ("h", 3600, "min", 60),
        ("min", 60, "s", 1),
    ):
        if left >= size:
            whole, rest = divmod(left, size)
            return f"{whole} {unit} {rest // part} {smaller}"
    return f"{left} s"
