"""The control messages, which every worker hears."""

from typing import Literal

from pydantic import ValidationError
from pydantic_core import from_json

from executor.contract.decode import cut, object_error, schema_error
from executor.contract.fields import KIB, Attempt, JobId
from executor.contract.model import Model

MAX_CONTROL_BYTES = 4 * KIB


class Cancel(Model):
    """Stop a job; `attempt` None: whichever attempt it is."""

    type: Literal["cancel"]
    id: JobId
    attempt: Attempt | None = None

    def encode(self) -> bytes:
        """The message's body: compact JSON in UTF-8."""
        return self.model_dump_json(exclude_none=True).encode()


class BadControl(Exception):
    """No control message; the text says why in one line."""


class UnknownControl(Exception):
    """A control message of a type that this worker does not know; the text is the type."""


def decode_control(body: bytes) -> Cancel:
    """The message in a body. Raises BadControl or UnknownControl, whatever the bytes are."""
    if len(body) > MAX_CONTROL_BYTES:
        raise BadControl(f"the message is over {MAX_CONTROL_BYTES} bytes")
    try:
        message = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise BadControl(f"not JSON: {error}") from None
    if not isinstance(message, dict):
        raise BadControl("not a JSON object")
    if (wrong := object_error(body)) is not None:
        raise BadControl(wrong.message)
    kind = message.get("type")
    if isinstance(kind, str) and kind != "cancel":
        raise UnknownControl(cut(kind))
    try:
        return Cancel.model_validate_json(body)
    except ValidationError as error:
        problem = (schema_error(error).fields or ())[0]
        raise BadControl(f"{problem.path}: {problem.message}") from None
