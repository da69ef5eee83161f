"""What a worker tells of itself at `/status`, for `executor status`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

State = Literal["starting", "connecting", "idle", "judging", "answering", "stopping"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class JobStatus(_Model):
    """The job in hand. age_s: since it came. phase: of its events, or `answering`."""

    id: str | None
    attempt: int | None
    language: str | None
    phase: str
    age_s: float
    redelivered: bool


class LinkStatus(_Model):
    """A connection to the broker. blocked_s: for how long the broker has blocked it, in all."""

    name: str
    up: bool
    reconnects: int
    failures: int
    blocked: bool
    blocked_s: float


class WorkerStatus(_Model):
    """One worker, now.

    problems: why it is not in order, one line each. uptime_s: since it was started.
    jobs: answered and acked; verdicts: how many of each. service_s: how long it holds a job, the
    mean of the last `service_jobs`; None: there was none yet.
    """

    name: str
    version: str
    pid: int
    state: State
    problems: tuple[str, ...]
    uptime_s: float
    job: JobStatus | None
    jobs: int
    verdicts: dict[str, int]
    redeliveries: int
    service_s: float | None
    service_jobs: int
    publish_retries: int
    isolation: str | None
    links: tuple[LinkStatus, ...]
