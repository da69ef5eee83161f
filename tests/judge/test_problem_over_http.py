"""A whole problem whose test data comes from a web server that misbehaves."""

import hashlib
from collections.abc import Iterator

import pytest

from executor.contract import Job, Result
from executor.judge import Judge
from executor.languages import Languages
from executor.packages import job_for, read_package
from tests.judge.blobs import OK
from tests.judge.test_testdata import chunked
from tests.problem_packages import PROBLEMS
from tests.web import Reply, Web, content, one_after_another, raw, redirect, reset

ROOT = PROBLEMS / "circle"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as web:
        yield web


def jobs(web: Web, languages: Languages) -> dict[str, Job]:
    """The jobs of the package's submissions by their folders, with their data at the server."""
    package = read_package(ROOT, languages)
    made = {}
    for submission in package.submissions:
        if submission.sources is not None and submission.sources.language == "python":
            job = job_for(package, submission, cpu_ms=1000)
            data = job.model_dump(by_alias=True, exclude_unset=True, exclude_none=True)
            for test in data["tests"]:
                for key in ("input", "answer"):
                    test[key] = served(web, test[key]["path"])
            made[submission.name.split("/")[0]] = Job.model_validate(data)
    return made


def served(web: Web, path: str) -> dict[str, str]:
    body = (ROOT / path).read_bytes()
    web.replies.setdefault(f"/{path}", content(body))
    return {"url": web.url(f"/{path}"), "sha512": hashlib.sha512(body).hexdigest()}


def test_verdicts_are_those_of_the_package_however_the_data_comes(
    web: Web, judge: Judge, languages: Languages
) -> None:
    made = jobs(web, languages)
    good = dict(web.replies)
    bodies = {path: (ROOT / path[1:]).read_bytes() for path in good}
    odd = [
        lambda reply, body: one_after_another(content(b"", 503), reply),
        lambda reply, body: one_after_another(reset(), reply),
        lambda reply, body: one_after_another(raw(OK + b"Content-Length: 99\r\n\r\n1"), reply),
        lambda reply, body: raw(CHUNKED + chunked(body)),
    ]
    for number, (path, reply) in enumerate(good.items()):
        web.replies[path] = odd[number % len(odd)](reply, bodies[path])
    verdicts = {"accepted": "AC", "run_time_error": "RTE", "wrong_answer": "WA"}
    for folder, verdict in verdicts.items():
        result = judged(judge, made[folder])
        assert (result.status, result.verdict) == ("done", verdict), result.error


MISBEHAVING: dict[str, tuple[Reply, str, str]] = {
    "not found": (content(b"", 404), "testdata_unavailable", "http_status"),
    "other data": (content(b"2\n"), "testdata_hash_mismatch", "hash_mismatch"),
    "a redirect loop": (redirect("/data/secret/01-zero.in"), "testdata_unavailable", "redirect"),
    "the own network": (
        redirect("http://127.0.0.2/"),
        "testdata_unavailable",
        "host_not_allowed",
    ),
}


@pytest.mark.parametrize(("reply", "code", "why"), MISBEHAVING.values(), ids=MISBEHAVING.keys())
def test_no_submission_is_blamed_for(
    web: Web, judge: Judge, languages: Languages, reply: Reply, code: str, why: str
) -> None:
    made = jobs(web, languages)
    web.replies["/data/secret/01-zero.in"] = reply
    for job in made.values():
        result = judged(judge, job)
        assert (result.status, result.verdict) == ("failed", "JE")
        assert result.error is not None
        assert result.error.fields is not None
        assert (result.error.code, result.error.fields[0].code) == (code, why)
        assert result.error.fields[0].path == "tests.1.input"


def judged(judge: Judge, job: Job) -> Result:
    return judge.judge(job, queued_ms=None, redelivered=False)
