"""The event, `oj.event/1`: how a job is getting on."""

from typing import Literal

from pydantic import Field

from executor.contract.fields import Attempt, JobId, TestId
from executor.contract.model import Model
from executor.contract.result import Count, Verdict

Phase = Literal["received", "fetching", "compiling", "compiled", "test", "finished"]


class Event(Model):
    """A progress message: `done` tests `of` so many are judged.

    seq: counts what happened from 1 on, so a gap is what a later event superseded.
    What does not belong to a phase is None, and left out of the message.
    """

    schema_: Literal["oj.event/1"] = Field(default="oj.event/1", alias="schema")
    id: JobId
    attempt: Attempt = 1
    seq: Count
    phase: Phase
    test: TestId | None = None
    verdict: Verdict | None = None
    done: Count | None = None
    of: Count | None = None
    cpu_ms: Count | None = None
    memory_kib: Count | None = None

    def encode(self) -> bytes:
        """The message's body: compact JSON in UTF-8."""
        return self.model_dump_json(by_alias=True, exclude_none=True).encode()
