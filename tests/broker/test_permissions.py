"""What a user lacks on the broker is told in plain words, by the worker and by the commands."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from stack import Frontend, PrivateBroker, Safeexec, wait_until
from stack.paths import ROOT
from tests.broker.conftest import StartWorker, job, on_every_release, wait_listening
from tests.broker.test_command import executor

# rabbitmqctl takes its time.
pytestmark = pytest.mark.slow

SOON_S = 30
ALL, NONE = ".*", "^$"
USER, PASSWORD = "limited", "pass-word"

Allow = Callable[[str, str, str], str]


@pytest.fixture
def allow(broker: PrivateBroker, frontend: Frontend) -> Allow:
    """Lets a user configure, write and read what matches; returns the user's URL."""

    def allow(configure: str, write: str, read: str) -> str:
        if USER not in broker.ctl("list_users"):
            broker.ctl("add_user", USER, PASSWORD)
        broker.ctl("set_permissions", USER, configure, write, read)
        return f"amqp://{USER}:{PASSWORD}@127.0.0.1:{broker.port}/%2F"

    return allow


def manual() -> tuple[str, str, str]:
    """The permissions that the README says are enough."""
    text = (ROOT / "README.md").read_text()
    (said,) = re.findall(r"rabbitmqctl set_permissions executor((?: \\\n *'.*')+)", text)
    configure, write, read = re.findall(r"'(.*)'", said)
    return configure, write, read


@on_every_release
def test_the_permissions_of_the_manual_are_enough(
    frontend: Frontend, start: StartWorker, allow: Allow
) -> None:
    worker = start(allow(*manual()))
    wait_listening(worker)
    assert frontend.judge(job(), SOON_S)["verdict"] == "AC"
    frontend.publish(b"?")
    wait_until(frontend.get, SOON_S, "the dead letter")
    assert {event["level"] for event in worker.events()} == {"info"}


@on_every_release
def test_a_worker_that_may_not_read_says_so_at_each_attempt(
    start: StartWorker, allow: Allow, tmp_path: Path
) -> None:
    url = allow(ALL, ALL, NONE)
    worker = start(url, ready=False)
    worker.wait_for("link_failed", count=2, timeout=SOON_S)
    told = re.compile("no permission: (read )?access to queue 'submissions' .* refused for user ")
    assert all(told.match(event["error"]) for event in worker.events("link_failed"))
    assert "Traceback" not in worker.log.read_text()
    check = executor(tmp_path, "check", AMQP_URL=url, SAFEEXEC_SOCKET="/none").stdout
    assert re.search(f"missing  queue submissions +{told.pattern}", check)


def test_a_worker_that_may_not_declare_a_missing_queue_says_so(
    start: StartWorker, allow: Allow
) -> None:
    worker = start(allow(NONE, ALL, ALL), ready=False, AMQP_QUEUE="not-there")
    told = "there is no 'not-there', and no permission: "
    wait_until(
        lambda: any(event["error"].startswith(told) for event in worker.events("link_failed")),
        SOON_S,
        "it tells what is missing",
    )
    assert "Traceback" not in worker.log.read_text()


def test_a_worker_that_may_not_declare_uses_what_there_is(
    frontend: Frontend, start: StartWorker, allow: Allow
) -> None:
    start().terminate()
    start(allow(NONE, ALL, ALL))
    assert frontend.judge(job(), SOON_S)["verdict"] == "AC"


@on_every_release
def test_check_and_submit_tell_that_nothing_may_be_published(
    allow: Allow, safeexec: Safeexec, tmp_path: Path
) -> None:
    url = allow(ALL, NONE, ALL)
    told = "no permission: (write )?access to exchange 'amq.default' in vhost '/' refused for user "
    check = executor(tmp_path, "check", AMQP_URL=url, SAFEEXEC_SOCKET="/none").stdout
    assert re.search(f"missing  publishing +{told}", check)
    (tmp_path / "job.json").write_text('{"id": "s-1"}')
    submit = executor(tmp_path, "submit", "--job", "job.json", AMQP_URL=url)
    assert submit.returncode == 2
    assert re.fullmatch(f"executor: {told}.*\n", submit.stderr)


@on_every_release
def test_check_takes_no_job_to_see_that_it_may(
    frontend: Frontend, allow: Allow, tmp_path: Path
) -> None:
    frontend.publish(job())
    url = allow(*manual())
    check = executor(tmp_path, "check", AMQP_URL=url, SAFEEXEC_SOCKET="/none").stdout
    assert re.search("ok +queue submissions +1 message\n", check)
    method, properties, _ = frontend.channel.basic_get("submissions")
    assert method is not None
    assert not method.redelivered
    assert not (properties.headers or {}).get("x-delivery-count")
    frontend.channel.basic_ack(method.delivery_tag)
