"""A YAML file of a package, checked by a model."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from executor.packages.errors import PackageError

MAX_BYTES = 1024 * 1024


class Document(BaseModel):
    """A file, or a map in one: frozen, of strict types, with no key that the format lacks."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


D = TypeVar("D", bound=Document)


def read_document(root: Path, name: str, model: type[D]) -> D:
    """The file `name` of the package `root`. Raises PackageError."""
    return validated(name, load(root, name), model)


def load(root: Path, name: str) -> dict[str, Any]:
    """The map in the file `name`; an empty file is an empty map. Raises PackageError."""
    try:
        with (root / name).open("rb") as file:
            text = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise PackageError(f"{name}: {(error.strerror or str(error)).lower()}") from None
    if len(text) > MAX_BYTES:
        raise PackageError(f"{name}: longer than {MAX_BYTES // 1024} KiB")
    try:
        value = yaml.load(text, _Loader)
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise PackageError(f"{name}: {line}{error.problem or 'no YAML'}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        text_of_it = str(error).splitlines() or ["no YAML"]
        raise PackageError(f"{name}: {text_of_it[0]}") from None
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise PackageError(f"{name}: should be a map of keys to values")
    return value


def validated(name: str, value: object, model: type[D]) -> D:
    """`value` as a model; `name` says where it stands. Raises PackageError."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise PackageError(f"{name}: {place}: {_said(first['type'], first['msg'])}") from None


def _said(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "no such key in this version of the format"
    message = message.removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice in a map."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if (key.tag, key.value) in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key '{key.value}' stands twice", key.start_mark
                    )
                seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep)
