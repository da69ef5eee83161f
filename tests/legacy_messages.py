"""The seed's own message: its nine arguments, good and with changes."""

import json
from collections.abc import Mapping
from typing import Any

from executor.contract import Properties

ABSENT = object()
HASH = "ab" * 64


def arguments(tests: int = 1, **changes: Any) -> dict[str, Any]:
    """The nine arguments of a small submission, with changes; ABSENT removes one."""
    numbers = range(1, tests + 1)
    whole = {
        "coder": {"email": "ada@example.org"},
        "code": "print%28input%28%29%29",
        "lang": "python3",
        "contest": {"contest_code": "c1"},
        "exec_args": {"time": 1, "mem": 65536},
        "input_file_urls": [f"http://data.example/{number}.in" for number in numbers],
        "output_file_urls": [f"http://data.example/{number}.ans" for number in numbers],
        "input_file_hash": [HASH] * tests,
        "output_file_hash": [HASH] * tests,
    }
    return {key: value for key, value in (whole | changes).items() if value is not ABSENT}


NAMES = tuple(arguments())


def task_headers(**changes: Any) -> dict[str, Any]:
    """The headers of Celery's protocol 2 that mean something here."""
    headers = {"lang": "py", "task": "tasks.execute", "id": "t-1", "retries": 0, "expires": None}
    return headers | changes


def task_body(
    args: list[Any] | None = None, kwargs: Mapping[str, Any] | None = None, **embed: Any
) -> bytes:
    """The body of Celery's protocol 2; without arguments, a good call by keywords."""
    if args is None and kwargs is None:
        kwargs = arguments()
    followers = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
    return json.dumps([args or [], kwargs or {}, followers | embed]).encode()


def task_properties(**headers: Any) -> Properties:
    return Properties(
        correlation_id="t-1",
        content_type="application/json",
        content_encoding="utf-8",
        headers=task_headers(**headers),
    )
