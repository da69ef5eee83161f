"""What beside its body tells what a message means, and the id of a job that names none."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from executor.contract.fields import JobId

_JOB_ID: TypeAdapter[str] = TypeAdapter(JobId)


@dataclass(frozen=True, slots=True)
class Properties:
    """A message's AMQP properties, as far as they tell what its body means."""

    message_id: str | None = None
    correlation_id: str | None = None
    content_type: str | None = None
    content_encoding: str | None = None
    headers: Mapping[str, Any] = field(default_factory=dict)


def job_id(name: str | bytes) -> str:
    """A name as the id of a job; one that may not be an id, or a whole body, by its hash."""
    try:
        return _JOB_ID.validate_python(name, strict=True)
    except ValidationError:
        data = name.encode() if isinstance(name, str) else name
        return f"legacy-{hashlib.sha256(data).hexdigest()[:32]}"
