"""Messages mutated from valid ones: in their structure, in their bytes, in their properties."""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from tests.bad_messages import good_job, good_test, program
from tests.legacy_messages import arguments, task_body, task_headers

Path = tuple[str | int, ...]

LANGUAGE = "intercal"
"""No worker has it: what is still a valid message after its mutation costs no run."""


@dataclass(frozen=True)
class Mutated:
    """A message's body, and the properties in which it differs from a good frontend's."""

    body: bytes
    properties: dict[str, Any] = field(default_factory=dict)


def _everything() -> dict[str, Any]:
    """A valid job with nearly every field of the contract."""
    tests = [
        good_test(id="1", group="g1", points=1.5, visible=True, args=["-x"]),
        good_test(id="2", group="g2", limits={"cpu_ms": 500}, input={"base64": "MSAyCg=="}),
        good_test(id="3", group="g2", input={"path": "sum/1.in"}, answer={"sha512": "ab" * 64}),
    ]
    return good_job(
        language=LANGUAGE,
        attempt=2,
        source_name="main.x",
        files=[{"name": "lib/a.h", "text": "int a;"}],
        args=["1", "2"],
        limits={"cpu_ms": 1000, "wall_ms": 3000, "memory_kib": 65536, "processes": 2},
        checker={"type": "tokens", "float_abs": 1e-6, "case_sensitive": False},
        tests=tests,
        groups=[
            {"id": "g1", "points": 40, "aggregate": "min"},
            {"id": "g2", "points": 60, "requires": ["g1"], "on_fail": "stop"},
        ],
        policy={"feedback": "diff", "output_bytes": 10, "rerun": {"window_pct": 5, "max": 1}},
        events="test",
        labels={"contest": "c-1"},
    )


def _jury() -> dict[str, Any]:
    """A valid job with programs of the setter's."""
    return good_job(
        language=LANGUAGE,
        checker={"type": "kattis", "program": program(args=["x"])},
        interactor={"protocol": "testlib", "program": program(limits={"cpu_ms": 2000})},
        passes=3,
    )


BASES: list[Callable[[], Any]] = [
    lambda: good_job(language=LANGUAGE),
    _everything,
    _jury,
    lambda: arguments(lang=LANGUAGE),
    lambda: json.loads(task_body([], arguments(lang=LANGUAGE))),
]
_CELERY = len(BASES) - 1

ALIENS: list[Any] = [
    None,
    True,
    -1,
    0,
    2**63,
    10**400,
    1.5,
    -0.0,
    1e308,
    "",
    "\0",
    "../../etc/passwd",
    "\U0001f600" * 50,
    "x" * 70_000,
    [],
    {},
    [[[[]]]],
    {"": {"": ""}},
    {"text": "", "base64": ""},
    {"url": "http://[::1"},
    list(range(300)),
]


def paths(value: Any, here: Path = ()) -> Iterator[Path]:
    """Every place in a JSON value but its root."""
    entries: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        entries = list(value.items())
    elif isinstance(value, list):
        entries = list(enumerate(value))
    for key, below in entries:
        yield (*here, key)
        yield from paths(below, (*here, key))


_PATHS = [list(paths(make())) for make in BASES]


@st.composite
def mutated(draw: st.DrawFn) -> Mutated:
    """One to three mutations of a valid message; some of them leave it valid."""
    number = draw(st.integers(0, len(BASES) - 1))
    value = copy.deepcopy(BASES[number]())
    for _ in range(draw(st.integers(1, 3))):
        _change(draw, value, draw(st.sampled_from(_PATHS[number])))
    body = json.dumps(value, ensure_ascii=draw(st.booleans())).encode(errors="surrogatepass")
    if draw(st.integers(0, 2)) == 0:
        body = _damage(draw, body)
    properties: dict[str, Any] = {}
    if number == _CELERY and draw(st.integers(0, 3)):
        properties = {"headers": task_headers(), "type": None, "content_encoding": "utf-8"}
    if draw(st.integers(0, 3)) == 0:
        properties |= draw(_PROPERTIES)
    return Mutated(body, properties)


def _change(draw: st.DrawFn, value: Any, path: Path) -> None:
    """Changes what stands at the path, if an earlier change has left it there."""
    *way, last = path
    for key in way:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return
    if not (isinstance(value, dict) and last in value) and not (
        isinstance(value, list) and isinstance(last, int) and last < len(value)
    ):
        return
    match draw(st.sampled_from(["delete", "replace", "wrap", "repeat", "rename", "add"])):
        case "delete":
            del value[last]
        case "replace":
            value[last] = copy.deepcopy(draw(st.sampled_from(ALIENS)))
        case "wrap":
            value[last] = [value[last]]
        case "repeat" if isinstance(value, list):
            value += [value[last]] * draw(st.sampled_from([1, 2, 1001]))
        case "rename" if isinstance(value, dict):
            value[f"{last} "] = value.pop(last)
        case _ if isinstance(value, dict):
            value[draw(st.text(max_size=5))] = copy.deepcopy(draw(st.sampled_from(ALIENS)))


def _damage(draw: st.DrawFn, body: bytes) -> bytes:
    at = draw(st.integers(0, len(body)))
    match draw(st.sampled_from(["cut", "flip", "insert", "twice", "utf-16", "key twice", "deep"])):
        case "cut":
            return body[:at]
        case "flip":
            return body[:at] + draw(st.binary(min_size=1, max_size=1)) + body[at + 1 :]
        case "insert":
            return body[:at] + draw(st.binary(max_size=20)) + body[at:]
        case "twice":
            return body + body
        case "utf-16":
            return body.decode(errors="replace").encode("utf-16")
        case "key twice":
            return body.replace(b"{", b'{"id": 1, "id": 2, ', draw(st.integers(1, 2)))
        case _:
            return body.replace(b'"', b"[" * 2000 + b'"', 1)


_TEXT = st.sampled_from(["", "x", "é" * 60, "\n", "application/x-python-serialize", "pickle"])
_HEADER = st.sampled_from(
    [None, True, -1, 2**40, "x", "tasks.execute", b"\xff", [], {"a": []}, "t-1"]
)
_PROPERTIES = st.fixed_dictionaries(
    {},
    optional={
        "message_id": _TEXT,
        "type": _TEXT,
        "content_type": _TEXT,
        "content_encoding": _TEXT,
        "app_id": _TEXT,
        "timestamp": st.sampled_from([None, 0, 1, 2**40]),
        "priority": st.sampled_from([None, 0, 255]),
        "reply_to": st.none(),
        "headers": st.dictionaries(
            st.sampled_from(
                ["task", "id", "lang", "retries", "expires", "traceparent", "x", "eta"]
            ),
            _HEADER,
            max_size=4,
        ),
    },
)
