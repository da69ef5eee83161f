"""Where the bytes of a test or a file come from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from executor.contract.encoding import decode_base64
from executor.contract.fields import FileName
from executor.contract.model import Model, Problem, refuse

Url = Annotated[str, Field(max_length=4096, pattern=r"^https?://")]
Sha512 = Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{128}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{64}$")]

Algorithm = Literal["sha512", "sha256"]


@dataclass(frozen=True, slots=True)
class Digest:
    """What the bytes hash to: an algorithm and lower-case hex."""

    algorithm: Algorithm
    hex: str


@dataclass(frozen=True, slots=True)
class Inline:
    """The bytes themselves."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Remote:
    """To be fetched; without a digest each time."""

    url: str
    digest: Digest | None


@dataclass(frozen=True, slots=True)
class Cached:
    """In the worker's cache, or nowhere."""

    digest: Digest


@dataclass(frozen=True, slots=True)
class Packaged:
    """Below the worker's package folder."""

    path: str


Source = Inline | Remote | Cached | Packaged
"""Where the bytes of a blob are."""

_KEYS = ("text", "base64", "url", "path", "sha512", "sha256")
_KINDS = (*((key,) for key in _KEYS), ("url", "sha512"), ("url", "sha256"))


def _one_kind_only(schema: dict[str, Any]) -> None:
    """Says in JSON Schema what `Blob._kind_problems` says in Python."""
    schema["oneOf"] = [
        {
            "required": list(kind),
            "properties": {
                key: {"not": {"type": "null"}} if key in kind else {"type": "null"} for key in _KEYS
            },
        }
        for kind in _KINDS
    ]


class Blob(Model):
    """Bytes, or where to fetch them: exactly one of the kinds below.

    `text` (as UTF-8) and `base64` carry the bytes. `url` is fetched, and verified and cached
    if one hash stands beside it. `sha512` or `sha256` alone must be cached already. `path` is
    below the worker's package folder.
    """

    model_config = ConfigDict(json_schema_extra=_one_kind_only)

    text: str | None = None
    base64: str | None = None
    url: Url | None = None
    sha512: Sha512 | None = None
    sha256: Sha256 | None = None
    path: FileName | None = None

    @field_validator("base64")
    @classmethod
    def _check_base64(cls, text: str | None) -> str | None:
        if text is not None:
            decode_base64(text)
        return text

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        refuse("Blob", self._kind_problems())
        return self

    def _kind_problems(self) -> Iterator[Problem]:
        places = [x for x in (self.text, self.base64, self.url, self.path) if x is not None]
        hashes = [x for x in (self.sha512, self.sha256) if x is not None]
        inline = self.text is not None or self.base64 is not None
        if len(places) > 1 or len(hashes) > 1 or not (places or hashes):
            message = "exactly one of text, base64, url, path, sha512, sha256 is needed"
            yield Problem((), "exactly_one_blob", message)
        elif hashes and (inline or self.path is not None):
            yield Problem((), "exactly_one_blob", "a hash may stand alone or beside url only")

    @property
    def is_inline(self) -> bool:
        """Whether the message itself carries the bytes."""
        return self.text is not None or self.base64 is not None

    @property
    def source(self) -> Source:
        """The blob as one of four kinds; an inline one is decoded each time."""
        digest = self._digest
        if self.url is not None:
            return Remote(self.url, digest)
        if digest is not None:
            return Cached(digest)
        if self.path is not None:
            return Packaged(self.path)
        return Inline(self.data())

    @property
    def _digest(self) -> Digest | None:
        if self.sha512 is not None:
            return Digest("sha512", self.sha512.lower())
        if self.sha256 is not None:
            return Digest("sha256", self.sha256.lower())
        return None

    def data(self) -> bytes:
        """The bytes of an inline blob. Raises ValueError for the kinds that must be fetched."""
        if self.text is not None:
            return self.text.encode()
        if self.base64 is not None:
            return decode_base64(self.base64)
        raise ValueError("this blob is not inline: fetch it")


class File(Blob):
    """A file that stands beside the source at compile and run: a blob with a `name`."""

    name: FileName

    @property
    def content(self) -> Blob:
        """What is in the file; in JSON its keys stand beside `name`."""
        return self
