"""The events in a worker's log."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any


def events(log: str) -> Iterator[dict[str, Any]]:
    """Each line of it that is one, decoded: the rest is of the interpreter or of other programs."""
    for line in log.splitlines():
        # A traceback of the interpreter, or a line half written, is no event.
        with contextlib.suppress(json.JSONDecodeError):
            event = json.loads(line)
            if isinstance(event, dict):
                yield event
