"""What the auditor calls a broken promise."""

import pytest

from storm.books import Answer, Books
from storm.jobs import StormJob

JOB = StormJob("s-1", {}, "done", "AC")
OTHER = StormJob("s-2", {}, "done", "WA")


def answer(
    verdict: str = "AC",
    *,
    id: str = "s-1",
    attempt: int = 1,
    status: str = "done",
    digest: str | None = "d",
) -> Answer:
    return Answer(id, attempt, status, verdict, digest, None, False, "replies")


def excuse(code: str = "sandbox_unavailable", *, attempt: int = 1) -> Answer:
    retryable = code != "worker_lost"
    return Answer("s-1", attempt, "failed", "JE", None, code, retryable, "replies")


def broken(*answers: Answer, attempts: int = 1) -> list[str]:
    """Of a job that was confirmed so many times, and answered so."""
    books = Books()
    for attempt in range(1, attempts + 1):
        books.sent(JOB, attempt, 1.0)
        books.confirmed(JOB, attempt)
    for each in answers:
        books.answered(each, 2.0)
    return books.broken()


@pytest.mark.parametrize(
    "answers",
    [
        [answer()],
        [answer(), answer()],
        [answer(), excuse()],
        [excuse(), answer()],
        [excuse("worker_lost")],
    ],
    ids=["one", "two alike", "excuse after it", "excuse before it", "worker_lost"],
)
def test_a_job_that_is_answered_as_promised_breaks_nothing(answers: list[Answer]) -> None:
    assert broken(*answers) == []


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ([], "lost: s-1, attempt 1 was confirmed and has no result"),
        ([answer(), answer(digest="e")], "duplicates differ: s-1, attempt 1"),
        ([answer("RTE")], "wrong: s-1, attempt 1 is done RTE, and done AC was promised"),
        ([answer(status="rejected")], "wrong: s-1"),
        ([answer(digest=None)], "a result without digest: s-1"),
        ([excuse()], "never judged: s-1, attempt 1 was the last try, and sandbox_unavailable"),
        ([answer(), answer(id="s-9")], "a result for a job never sent"),
        ([answer(), answer(attempt=2)], "a result for a job never sent"),
    ],
)
def test_a_broken_promise_is_one_line(answers: list[Answer], told: str) -> None:
    (line,) = broken(*answers)
    assert line.startswith(told)


def test_an_excuse_that_another_attempt_made_good_is_none() -> None:
    assert broken(excuse(), answer(attempt=2), attempts=2) == []


def test_a_job_that_was_sent_but_never_confirmed_is_nobodys_loss() -> None:
    books = Books()
    books.sent(JOB, 1, 1.0)
    assert books.broken() == []


def test_only_the_first_excuse_has_a_job_sent_again() -> None:
    books = Books()
    books.sent(JOB, 1, 1.0)
    books.confirmed(JOB, 1)
    assert books.answered(excuse(), 2.0) == JOB
    assert books.answered(excuse(), 2.0) is None


def test_totals_count_duplicates_and_measure_to_the_first_result() -> None:
    books = Books()
    for job in (JOB, OTHER):
        books.sent(job, 1, 1.0)
        books.confirmed(job, 1)
    assert books.open_count == 2
    books.answered(answer(), 2.0)
    books.answered(answer(), 9.0)
    books.answered(answer("WA", id="s-2"), 4.0)
    totals = books.totals()
    assert (totals.confirmed, totals.results, totals.duplicates) == (2, 3, 1)
    assert totals.wait_median_s == 2.0
    assert books.open_count == 0
