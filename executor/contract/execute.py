"""The arguments of the seed's task `execute`: the way in for frontends of OJ_CodeExecutor."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, JsonValue, model_validator

from executor.contract.errors import JobError
from executor.contract.model import Model, Problem, refuse

_DECIMAL = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)


def _number(value: Any) -> Any:
    """`"1.5"`, and a Decimal as Celery spells it, as the number; whatever else as it is."""
    match value:
        case str(text) | {"__type__": "decimal", "__value__": str(text)}:
            if _DECIMAL.fullmatch(text.strip()):
                value = float(text)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


_Number = BeforeValidator(_number, json_schema_input_type=float | str)

Seconds = Annotated[float, Field(ge=0.001, le=60), _Number]
Kilobytes = Annotated[int, Field(ge=1024, le=4_194_304), _Number]
PerTest = Annotated[tuple[str, ...], Field(min_length=1, max_length=1000)]


class ExecArgs(Model):
    """The limits: `time` is CPU seconds, 0.001-60; `mem` kB of 1024 bytes, 1024-4194304.

    Both may also be decimal strings: seed frontends take them from forms.
    """

    time: Seconds
    mem: Kilobytes


class Execute(Model):
    """`tasks.execute(coder, code, lang, ...)`, as one object of its nine arguments.

    coder, contest: anything; never read.
    code: the source, percent-encoded, 256 KiB decoded.
    lang: an id or alias of a language; capitals and blanks in it do not count.
    input_file_urls, output_file_urls: of each test, its input and its answer; 1-1000.
    input_file_hash, output_file_hash: their SHA-512 in hex, as many as there are tests.
    """

    coder: JsonValue
    code: str
    lang: str
    contest: JsonValue
    exec_args: ExecArgs
    input_file_urls: PerTest
    output_file_urls: PerTest
    input_file_hash: PerTest
    output_file_hash: PerTest

    @model_validator(mode="after")
    def _check_lengths(self) -> Self:
        refuse("Execute", self._length_problems())
        return self

    def _length_problems(self) -> Iterator[Problem]:
        tests = len(self.input_file_urls)
        for name in ("output_file_urls", "input_file_hash", "output_file_hash"):
            count = len(getattr(self, name))
            if count != tests:
                message = f"{count} entries, where input_file_urls has {tests}"
                yield Problem((name,), "length_differs", message)

    def job(self, id: str, attempt: int) -> dict[str, Any]:
        """The same as the JSON of an `oj.job/1`, which may find more wrong with it."""
        inputs = zip(self.input_file_urls, self.input_file_hash, strict=True)
        answers = zip(self.output_file_urls, self.output_file_hash, strict=True)
        return {
            "schema": "oj.job/1",
            "id": id,
            "attempt": attempt,
            "language": "".join(self.lang.lower().split()),
            "source": self.code,
            "source_encoding": "percent",
            "limits": {
                "cpu_ms": round(self.exec_args.time * 1000),
                "memory_kib": self.exec_args.mem,
            },
            "checker": {"type": "lines"},
            "tests": [
                {
                    "id": str(number),
                    "input": {"url": input_url, "sha512": input_hash},
                    "answer": {"url": answer_url, "sha512": answer_hash},
                }
                for number, ((input_url, input_hash), (answer_url, answer_hash)) in enumerate(
                    zip(inputs, answers, strict=True), 1
                )
            ],
        }


ARGUMENTS = tuple(Execute.model_fields)
"""In the order in which they may be given by position."""


def is_execute(message: Any) -> bool:
    """Whether a message is the nine arguments as one object: most of them, and no `schema`.

    So one that lacks an argument, or has it misspelt, is told so in its own names.
    """
    if not isinstance(message, dict) or "schema" in message:
        return False
    return len(message.keys() & set(ARGUMENTS)) > len(ARGUMENTS) // 2


_OWN_NAMES = {
    "language": "lang",
    "source": "code",
    "source_encoding": "code",
    "limits.cpu_ms": "exec_args.time",
    "limits.memory_kib": "exec_args.mem",
    "tests": "input_file_urls",
}
_OF_A_TEST = re.compile(r"tests\.(\d+)\.(input|answer)\b(.*)")


def own_path(path: str) -> str:
    """A field of `oj.job/1` by the name it has among the arguments; other names stay."""
    match = _OF_A_TEST.fullmatch(path)
    if match is None:
        return _OWN_NAMES.get(path, path)
    number, file, kind = match.groups()
    files = "input_file" if file == "input" else "output_file"
    return f"{files}_{'hash' if kind == '.sha512' else 'urls'}.{number}"


def in_own_names(error: JobError) -> JobError:
    """An error whose fields are named as in the message it is about."""
    if error.fields is None:
        return error
    fields = tuple(
        field.model_copy(update={"path": own_path(field.path)}) for field in error.fields
    )
    return error.model_copy(update={"fields": fields})
