"""What every message model has in common, and how a model names what is wrong with it."""

from collections.abc import Iterable
from typing import ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError


class Model(BaseModel):
    """A part of a message: frozen, of strict types, with no field that the contract lacks."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)

    __test__: ClassVar[bool] = False  # pytest, not every Test of ours is one of yours


class Problem(NamedTuple):
    """One thing wrong with a message, seen from the model that found it."""

    loc: tuple[str | int, ...]
    code: str
    message: str


def refuse(model: str, problems: Iterable[Problem]) -> None:
    """Raises a ValidationError that lists `problems`, each at its own place, if there are any.

    A validator that raises by itself can name one problem only, and only at the model's place.
    """
    details = [
        InitErrorDetails(type=PydanticCustomError(code, message), loc=loc, input=None)
        for loc, code, message in problems
    ]
    if details:
        raise ValidationError.from_exception_data(model, details)
