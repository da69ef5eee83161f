"""From what happens to a job to its numbered events."""

from collections.abc import Callable
from dataclasses import asdict

from executor.contract import Event, Job, Result
from executor.judge.progress import Step

Report = Callable[[Event], None]
"""Takes an event; returns at once, whatever becomes of it."""


def unreported(_event: Event) -> None:
    """For deliveries in whose events nobody is interested."""


class Narrator:
    """Tells the events of one delivery, if its job asks for them.

    Each step has its number, from 1 on, before it is known whether it will be sent: a gap between
    two events that arrive are steps which a later one superseded.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._job: Job | None = None
        self._seq = 0

    @property
    def language(self) -> str | None:
        """The job's, as it names it; None before it has begun."""
        return None if self._job is None else self._job.language

    def begin(self, job: Job) -> None:
        """What follows happens to this job."""
        self._job = job
        self.tell(Step("received"))

    def tell(self, step: Step) -> None:
        """Reports a step of a phase that the job asks for."""
        event = self._event(step)
        if event is not None:
            self._report(event)

    def finished(self, result: Result) -> Event | None:
        """The last event, which goes out with the result; None if the job asks for none."""
        summary = result.summary
        return self._event(
            Step(
                "finished",
                verdict=result.verdict,
                done=None if summary is None else summary.judged,
                of=None if summary is None else summary.tests,
            )
        )

    def _event(self, step: Step) -> Event | None:
        job = self._job
        if job is None or job.events == "none" or (job.events == "phase" and step.phase == "test"):
            return None
        self._seq += 1
        return Event(id=job.id, attempt=job.attempt, seq=self._seq, **asdict(step))
