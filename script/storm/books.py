"""The auditor's books: what was sent, what was confirmed, what came back, what was promised."""

import statistics
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from storm.jobs import StormJob

Key = tuple[str, int]
"""A job's id and its attempt."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a result tells. `queue`: where it came from; `error`: its code, if it has one."""

    id: str | None
    attempt: int
    status: str
    verdict: str
    digest: str | None
    error: str | None
    retryable: bool
    queue: str

    @property
    def is_excuse(self) -> bool:
        """Whether it says that we could not judge; it does not blame the job."""
        return self.status == "failed"

    @property
    def opinion(self) -> tuple[str, str, str | None]:
        """What two answers to one job have in common."""
        return self.status, self.verdict, self.digest


@dataclass(slots=True)
class _Entry:
    """One attempt of a job. Times: seconds of one clock."""

    job: StormJob
    sent_s: float
    confirmed: bool = False
    answers: list[Answer] = field(default_factory=list)
    waited_s: float | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """The books in figures. waits in seconds, from the first publishing to the first result."""

    confirmed: int
    results: int
    duplicates: int
    sent_again: int
    excuses: dict[str, int]
    elsewhere: int
    wait_median_s: float
    wait_95_s: float


class Books:
    """Of one storm. From any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[Key, _Entry] = {}
        self._strangers: list[Answer] = []
        self._open: set[Key] = set()
        self._last: dict[str, int] = {}

    def sent(self, job: StormJob, attempt: int, at_s: float) -> None:
        """It is about to be published, possibly not for the first time."""
        with self._lock:
            self._entries.setdefault((job.id, attempt), _Entry(job, at_s))
            self._last[job.id] = max(attempt, self._last.get(job.id, 0))

    def confirmed(self, job: StormJob, attempt: int) -> None:
        """The broker has it: from now on it is ours to answer."""
        with self._lock:
            entry = self._entries[job.id, attempt]
            entry.confirmed = True
            if not entry.answers:
                self._open.add((job.id, attempt))

    def answered(self, answer: Answer, at_s: float) -> StormJob | None:
        """A result came. The job, if it is to be sent again."""
        key = (answer.id or "", answer.attempt)
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                self._strangers.append(answer)
                return None
            first = not entry.answers
            entry.answers.append(answer)
            self._open.discard(key)
            if first:
                entry.waited_s = at_s - entry.sent_s
            return entry.job if first and answer.is_excuse and answer.retryable else None

    @property
    def confirmed_count(self) -> int:
        """How many jobs the broker has confirmed; a further attempt is no further job."""
        with self._lock:
            return sum(e.confirmed for (_, attempt), e in self._entries.items() if attempt == 1)

    @property
    def open_count(self) -> int:
        """How many confirmed ones have no result yet."""
        with self._lock:
            return len(self._open)

    @property
    def unconfirmed_count(self) -> int:
        """How many were published and are not confirmed yet."""
        with self._lock:
            return sum(not entry.confirmed for entry in self._entries.values())

    @property
    def result_count(self) -> int:
        """Of all results, duplicates too."""
        with self._lock:
            return sum(len(entry.answers) for entry in self._entries.values())

    def rejected_ids(self) -> set[str]:
        """The jobs that were to be rejected: each is to be a dead letter."""
        with self._lock:
            return {e.job.id for e in self._entries.values() if e.job.status == "rejected"}

    def lost_ids(self) -> set[str]:
        """The jobs answered `worker_lost`, which are dead letters as well."""
        with self._lock:
            return {
                entry.job.id
                for entry in self._entries.values()
                if any(answer.error == "worker_lost" for answer in entry.answers)
            }

    def broken(self) -> list[str]:
        """One line for each promise that was not kept."""
        with self._lock:
            lines = [f"a result for a job never sent: {answer}" for answer in self._strangers]
            for key, entry in self._entries.items():
                lines += _broken_by(key, entry, last=self._last[key[0]] == key[1])
            return lines

    def totals(self) -> Totals:
        """Raises StatisticsError if nothing came back."""
        with self._lock:
            entries = list(self._entries.values())
        answers = [answer for entry in entries for answer in entry.answers]
        waits = [entry.waited_s for entry in entries if entry.waited_s is not None]
        percents = statistics.quantiles(waits, n=100, method="inclusive")
        return Totals(
            confirmed=self.confirmed_count,
            results=len(answers),
            duplicates=sum(max(0, len(entry.answers) - 1) for entry in entries),
            sent_again=sum(attempt > 1 for _, attempt in self._entries),
            excuses=dict(Counter(str(a.error) for a in answers if a.is_excuse)),
            elsewhere=sum(answer.queue == "verdicts" for answer in answers),
            wait_median_s=percents[49],
            wait_95_s=percents[94],
        )


def _broken_by(key: Key, entry: _Entry, last: bool) -> Iterator[str]:
    name = f"{key[0]}, attempt {key[1]}"
    if entry.confirmed and not entry.answers:
        yield f"lost: {name} was confirmed and has no result"
        return
    opinions = {answer.opinion for answer in entry.answers if not answer.is_excuse}
    if len(opinions) > 1:
        yield f"duplicates differ: {name} has {sorted(map(str, opinions))}"
    for status, verdict, digest in opinions:
        if (status, verdict) != (entry.job.status, entry.job.verdict):
            promised = f"{entry.job.status} {entry.job.verdict}"
            yield f"wrong: {name} is {status} {verdict}, and {promised} was promised"
        if status == "done" and digest is None:
            yield f"a result without digest: {name}"
    excuses = [answer for answer in entry.answers if answer.is_excuse]
    if last and excuses and not opinions and any(answer.retryable for answer in excuses):
        yield f"never judged: {name} was the last try, and {excuses[0].error}"
