"""Messages that are no job we can judge, each with the error it is answered."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MIB = 1024 * 1024
ABSENT = object()


@dataclass(frozen=True)
class BadMessage:
    """A message's body, made when asked for, and the error that the reply carries.

    path: of the first field that the error lists; None if it lists none.
    id: the job id in the reply; None where the message tells no valid one.
    """

    name: str
    make: Callable[[], bytes]
    code: str
    path: str | None
    id: str | None

    @property
    def body(self) -> bytes:
        return self.make()

    def __str__(self) -> str:
        return self.name


def blob(text: str = "") -> dict[str, Any]:
    return {"text": text}


def good_test(**changes: Any) -> dict[str, Any]:
    return _changed({"id": "1", "input": blob("1 2\n"), "answer": blob("3\n")}, changes)


def good_job(**changes: Any) -> dict[str, Any]:
    """A small job that can be judged, with changes to its top-level fields; ABSENT removes one."""
    job = {
        "schema": "oj.job/1",
        "id": "s-9",
        "language": "c",
        "source": "int main(void) { return 0; }",
        "tests": [good_test()],
    }
    return _changed(job, changes)


def program(**changes: Any) -> dict[str, Any]:
    return _changed({"language": "cpp", "source": "int main() {}"}, changes)


def legacy_message() -> dict[str, Any]:
    """The seed's own flat message."""
    return {
        "coder": "ada",
        "code": "print%281%29",
        "lang": "python3",
        "contest": "c1",
        "exec_args": {"time": 1, "mem": 65536},
        "input_file_urls": [],
        "output_file_urls": [],
        "input_file_hash": [],
        "output_file_hash": [],
    }


def _changed(whole: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in (whole | changes).items() if value is not ABSENT}


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _raw(name: str, body: bytes, code: str, path: str | None, id: str | None) -> BadMessage:
    return BadMessage(name, lambda: body, code, path, id)


def _not_json(name: str, body: bytes) -> BadMessage:
    return _raw(name, body, "bad_json", None, None)


def _job(name: str, code: str, path: str, **changes: Any) -> BadMessage:
    return BadMessage(name, lambda: _json(good_job(**changes)), code, path, "s-9")


def _bad_id(name: str, id: Any) -> BadMessage:
    return BadMessage(name, lambda: _json(good_job(id=id)), "schema_invalid", "id", None)


def _invalid(name: str, path: str, **changes: Any) -> BadMessage:
    return _job(name, "schema_invalid", path, **changes)


def _invalid_test(name: str, field: str, **changes: Any) -> BadMessage:
    return _invalid(name, f"tests.0{field}", tests=[good_test(**changes)])


def _invalid_file(name: str, file_name: str) -> BadMessage:
    files = [{"name": file_name, "text": ""}]
    return _invalid(name, "files.0.name", files=files)


def _unsupported(name: str, path: str, **changes: Any) -> BadMessage:
    return _job(name, "unsupported_feature", path, **changes)


NOT_JSON = [
    _not_json("an empty body", b""),
    _not_json("white space alone", b" \n"),
    _not_json("a word", b"hello"),
    _not_json("JSON that ends too early", b'{"schema": "oj.job/1", "id": "s-9"'),
    _not_json("text after the object", _json(good_job()) + b" x"),
    _not_json("a trailing comma", b'{"schema": "oj.job/1",}'),
    _not_json("single quotes", b"{'schema': 'oj.job/1'}"),
    _not_json("a number", b"1"),
    _not_json("null", b"null"),
    _not_json("a string", b'"oj.job/1"'),
    _not_json("an array", b'["oj.job/1"]'),
    _not_json("a byte order mark", b"\xef\xbb\xbf" + _json(good_job())),
    _not_json("UTF-16", json.dumps(good_job()).encode("utf-16")),
    _not_json("Latin-1", b'{"id": "caf\xe9"}'),
    _not_json("overlong UTF-8", b'{"id": "\xc0\x80"}'),
    _not_json("a surrogate in UTF-8", b'{"id": "\xed\xa0\x80"}'),
    _not_json("a lone high surrogate", b'{"source": "\\ud800"}'),
    _not_json("a lone low surrogate", b'{"source": "\\udc00"}'),
    _not_json("a raw control character in a string", b'{"source": "\x01"}'),
    _not_json("NUL bytes", b"\0\0\0\0"),
    _not_json("NaN", b'{"passes": NaN}'),
    _not_json("Infinity", b'{"passes": -Infinity}'),
    _not_json("a number of 5000 digits", b'{"passes": ' + b"9" * 5000 + b"}"),
    _not_json("arrays nested 100000 deep", b"[" * 100_000),
    _not_json("objects nested 100000 deep", b'{"a":' * 100_000),
    _not_json("a pickle", b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00}\x94."),
    _raw("a key twice", b'{"id": "s-9", "id": "s-9"}', "bad_json", None, "s-9"),
    _raw(
        "a key twice further down",
        _json(good_job()).replace(b'{"text": "3\\n"}', b'{"text": "3", "text": "4"}'),
        "bad_json",
        None,
        "s-9",
    ),
]

TOO_LARGE = [
    BadMessage("17 MiB of blanks", lambda: b" " * (17 * MIB), "too_large", None, None),
    BadMessage(
        "a job of 20 MB", lambda: _json(good_job(source="x" * 20_000_000)), "too_large", None, None
    ),
]

OF_THE_WHOLE = [
    _raw("an empty object", b"{}", "schema_invalid", "language", None),
    _invalid("no schema", "schema", schema=ABSENT),
    _invalid("a schema that is a number", "schema", schema=1),
    _job("the next schema", "unsupported_schema", "schema", schema="oj.job/2"),
    _job("a schema of another kind", "unsupported_schema", "schema", schema="oj.result/1"),
    _bad_id("no id", ABSENT),
    _bad_id("an empty id", ""),
    _bad_id("an id with a blank", "s 9"),
    _bad_id("an id with a line feed at its end", "s-9\n"),
    _bad_id("an id of 129 characters", "x" * 129),
    _bad_id("an id that is a number", 9),
    _invalid("attempt 0", "attempt", attempt=0),
    _invalid("attempt true", "attempt", attempt=True),
    _invalid("an unknown mode", "mode", mode="grade"),
    _invalid("no language", "language", language=ABSENT),
    _invalid("an empty language", "language", language=""),
    _invalid("an unknown field", "time_limit", time_limit=1),
    _invalid("a field with a very long name", "x" * 80 + "…", **{"x" * 100_000: 1}),
    _invalid("70 unknown fields", "", **{f"field{n}": 1 for n in range(70)}),
    _invalid("a label that is a number", "labels.contest", labels={"contest": 1}),
    _invalid("17 labels", "labels", labels={str(n): "" for n in range(17)}),
    _invalid("a label of 257 characters", "labels.a", labels={"a": "x" * 257}),
    _invalid("an unknown kind of events", "events", events="all"),
    _invalid("101 passes", "passes", passes=101),
    _invalid("a factor switch that is a number", "use_language_factors", use_language_factors=1),
]

OF_THE_SOURCE = [
    _invalid("neither source nor files", "source", source=ABSENT),
    _invalid("a source that is null", "source", source=None),
    _invalid("a source that is a list", "source", source=["int main(void) {}"]),
    _invalid("a source over 256 KiB", "source", source="x" * (256 * 1024 + 1)),
    _invalid("a source of 10 MiB", "source", source="x" * (10 * MIB)),
    _invalid("an unknown encoding", "source_encoding", source_encoding="gzip"),
    _invalid(
        "a base64 source with a space", "source", source="eHh4 eA==", source_encoding="base64"
    ),
    _invalid("a base64 source unpadded", "source", source="eA", source_encoding="base64"),
    _invalid("a percent source cut short", "source", source="a%2", source_encoding="percent"),
    _invalid("a source name with a folder", "source_name", source_name="a/main.c"),
    _invalid("a source name that climbs", "source_name", source_name=".."),
    _invalid("an entry point that is an option", "entry_point", entry_point="-XX:x"),
    _invalid("an input file that climbs", "input_file", input_file="../in.txt"),
    _invalid("an output file from the root", "output_file", output_file="/etc/passwd"),
    _invalid("65 arguments", "args", args=["x"] * 65),
    _invalid("arguments over 4 KiB", "args", args=["x" * 4000, "ä" * 49]),
    _invalid("an argument with NUL", "args.1", args=["x", "a\0b"]),
    _invalid("arguments in one string", "args", args="-v"),
]

OF_THE_FILES = [
    _invalid_file("a file that climbs", "../a.h"),
    _invalid_file("a file that climbs in the middle", "a/../../b.h"),
    _invalid_file("a file from the root", "/etc/passwd"),
    _invalid_file("a file with an empty component", "a//b.h"),
    _invalid_file("a file that is a folder", "a/"),
    _invalid_file("a file '.'", "."),
    _invalid_file("a file with no name", ""),
    _invalid_file("a file with NUL in its name", "a\0.h"),
    _invalid_file("a file with a line feed in its name", "a\n.h"),
    _invalid_file("a file with a component of 256 bytes", "ä" * 128),
    _invalid_file("a file with a name of 1025 bytes", "a/" * 512 + "b"),
    _invalid("a file without a name", "files.0.name", files=[blob()]),
    _invalid("a file without content", "files.0", files=[{"name": "a.h"}]),
    _invalid("two files of one name", "files.1.name", files=[{"name": "a.h", "text": ""}] * 2),
    _invalid(
        "a file in another file",
        "files.1.name",
        files=[{"name": "a", "text": ""}, {"name": "a/b", "text": ""}],
    ),
    _invalid(
        "a source named like a file",
        "source_name",
        files=[{"name": "a.c", "text": ""}],
        source_name="a.c",
    ),
    _invalid(
        "an input file named like a file",
        "input_file",
        files=[{"name": "in", "text": ""}],
        input_file="in",
    ),
    _invalid("one file for input and output", "output_file", input_file="io", output_file="io"),
    _invalid("101 files", "files", files=[{"name": f"{n}.h", "text": ""} for n in range(101)]),
    _invalid(
        "files over 4 MiB",
        "files",
        files=[{"name": f"{n}.h", "text": "x" * (2 * MIB)} for n in range(3)],
    ),
]

OF_THE_LIMITS = [
    _invalid("a CPU limit of 0", "limits.cpu_ms", limits={"cpu_ms": 0}),
    _invalid("a CPU limit of 61 s", "limits.cpu_ms", limits={"cpu_ms": 61_000}),
    _invalid("a CPU limit that is a float", "limits.cpu_ms", limits={"cpu_ms": 1.0}),
    _invalid("a CPU limit that is a string", "limits.cpu_ms", limits={"cpu_ms": "1000"}),
    _invalid("a CPU limit of 4000 digits", "limits.cpu_ms", limits={"cpu_ms": 10**3999}),
    _invalid("a wall limit over 180 s", "limits.wall_ms", limits={"wall_ms": 180_001}),
    _invalid("memory below 1 MiB", "limits.memory_kib", limits={"memory_kib": 1023}),
    _invalid("257 processes", "limits.processes", limits={"processes": 257}),
    _invalid("output over 1 GiB", "limits.output_kib", limits={"output_kib": 1_048_577}),
    _invalid("an unknown limit", "limits.time", limits={"time": 1}),
    _invalid("limits that are null", "limits", limits=None),
    _invalid("an unknown policy", "policy.show", policy={"show": True}),
    _invalid("output of 65537 bytes", "policy.output_bytes", policy={"output_bytes": 65_537}),
]

OF_THE_CHECKER = [
    _invalid("an unknown checker", "checker.type", checker={"type": "diff"}),
    _invalid("a checker with a huge type", "checker.type", checker={"type": "x" * 100_000}),
    _invalid("a checker with no type", "checker.type", checker={}),
    _invalid("a checker that is a string", "checker", checker="lines"),
    _invalid(
        "an option of another checker",
        "checker.float_abs",
        checker={"type": "lines", "float_abs": 1e-6},
    ),
    _invalid(
        "a tolerance below 0", "checker.float_rel", checker={"type": "tokens", "float_rel": -1e-9}
    ),
    BadMessage(
        "a tolerance of 1e999",
        lambda: _json(good_job(checker={"type": "tokens", "float_abs": 7.5})).replace(
            b"7.5", b"1e999"
        ),
        "schema_invalid",
        "checker.float_abs",
        "s-9",
    ),
    _invalid("a checker without its program", "checker.program", checker={"type": "testlib"}),
    _invalid(
        "an unknown field of a program",
        "checker.program.mode",
        checker={"type": "kattis", "program": program(mode="run")},
    ),
    _invalid(
        "an unknown protocol",
        "interactor.protocol",
        interactor={"protocol": "spoj", "program": program()},
    ),
]

OF_THE_TESTS = [
    _invalid("no tests", "tests", tests=ABSENT),
    _invalid("an empty list of tests", "tests", tests=[]),
    _invalid("1001 tests", "tests", tests=[good_test(id=str(n)) for n in range(1001)]),
    _invalid("tests that are an object", "tests", tests={"1": good_test()}),
    _invalid("a test that is a string", "tests.0", tests=["1 2"]),
    _invalid("two tests of one id", "tests.1.id", tests=[good_test(), good_test()]),
    _invalid("no tests in mode run", "tests", mode="run", tests=[]),
    _invalid("an answer in mode run", "tests.0.answer", mode="run"),
    _invalid("tests in mode compile", "tests", mode="compile"),
    _invalid_test("a test without id", ".id", id=ABSENT),
    _invalid_test("a test id with a blank", ".id", id="a b"),
    _invalid_test("a test without input", ".input", input=ABSENT),
    _invalid_test("a test without answer", ".answer", answer=ABSENT),
    _invalid_test("an input that is a string", ".input", input="1 2\n"),
    _invalid_test("an input of no kind", ".input", input={}),
    _invalid_test("an input of two kinds", ".input", input={"text": "", "base64": ""}),
    _invalid_test("a text with a hash", ".input", input={"text": "", "sha256": "a" * 64}),
    _invalid_test("an unknown kind of blob", ".input.file", input={"text": "", "file": "a"}),
    _invalid_test("bad base64", ".input.base64", input={"base64": "!!!!"}),
    _invalid_test("base64 with a line feed", ".answer.base64", answer={"base64": "eA==\n"}),
    _invalid_test("a short hash", ".input.sha512", input={"sha512": "abc"}),
    _invalid_test("a path that climbs", ".input.path", input={"path": "../secret"}),
    _invalid_test("a url of another scheme", ".input.url", input={"url": "file:///etc/passwd"}),
    _invalid_test("points below 0", ".points", points=-1),
    _invalid_test("a group that there is not", ".group", group="g1"),
    _invalid_test("a limit of a test out of bounds", ".limits.cpu_ms", limits={"cpu_ms": -1}),
    _invalid_test("an unknown field of a test", ".weight", weight=1),
    _invalid_test("arguments of a test with NUL", ".args.0", args=["\0"]),
    _invalid_test("a test that is visible by a string", ".visible", visible="yes"),
    _invalid("two groups of one id", "groups.1.id", groups=[{"id": "g", "points": 1}] * 2),
    _invalid("a group without tests", "groups.0", groups=[{"id": "g", "points": 1}]),
    _invalid(
        "a group that requires one that there is not",
        "groups.0.requires.0",
        groups=[{"id": "g", "points": 1, "requires": ["h"]}],
        tests=[good_test(group="g")],
    ),
    _invalid(
        "a group that requires itself",
        "groups.0.requires",
        groups=[{"id": "g", "points": 1, "requires": ["g"]}],
        tests=[good_test(group="g")],
    ),
]

NOT_BUILT_YET = [
    _unsupported("reruns", "policy.rerun", policy={"rerun": {"max": 1}}),
    _unsupported("reruns by default number", "policy.rerun", policy={"rerun": {}}),
    _unsupported("events of phases", "events", events="phase"),
    _unsupported("events of tests", "events", events="test"),
    BadMessage(
        "the seed's flat message",
        lambda: _json(legacy_message()),
        "unsupported_feature",
        "",
        None,
    ),
    BadMessage(
        "the seed's Celery message",
        lambda: _json([[], legacy_message(), {"callbacks": None, "chord": None}]),
        "unsupported_feature",
        "",
        None,
    ),
]

BAD_MESSAGES: list[BadMessage] = [
    *NOT_JSON,
    *TOO_LARGE,
    *OF_THE_WHOLE,
    *OF_THE_SOURCE,
    *OF_THE_FILES,
    *OF_THE_LIMITS,
    *OF_THE_CHECKER,
    *OF_THE_TESTS,
    *NOT_BUILT_YET,
]
