"""Connections end, queues vanish or differ, passwords are wrong: the worker says so and goes on."""

import json
import socket
from pathlib import Path

import pika
import pytest
from pika.exceptions import ConnectionClosedByBroker

from stack import ExecutorProcess, Frontend, PrivateBroker, RunFolder, wait_until
from tests.broker.conftest import StartWorker, job, on_every_release, sleeping_job
from tests.broker.scrape import free_port, scrape
from tests.broker.test_command import executor

SOON_S = 30


@pytest.mark.slow
def test_a_job_whose_connections_were_closed_in_mid_run_is_answered_and_run_once(
    broker: PrivateBroker, frontend: Frontend, start: StartWorker
) -> None:
    port = free_port()
    worker = start(EXECUTOR_HTTP_PORT=str(port))
    frontend.channel.queue_declare("replies-kept")
    frontend.publish(sleeping_job(8), reply_to="replies-kept")
    worker.wait_for("job_received")
    broker.ctl("close_all_connections", "test")
    with pytest.raises(ConnectionClosedByBroker):
        frontend.receive(SOON_S)
    worker.wait_for("verdict_reused", timeout=SOON_S)
    with Frontend(broker.url) as other:
        wait_until(lambda: other.depth("replies-kept") == 2, SOON_S, "both replies")
        other.channel.queue_delete("replies-kept")
        assert other.judge(job("s-2"))["verdict"] == "AC"
    worker.wait_for("job_finished", count=2)
    for event in ("job_received", "job_finished"):
        assert [each["job_id"] for each in worker.events(event)] == ["s-1", "s-2"]
    seen = scrape(port)
    assert seen["executor_redeliveries_total"] == 1
    assert seen['executor_cache_hits_total{cache="verdict"}'] == 1
    assert seen['executor_link_reconnects_total{link="consume"}'] == 1
    assert seen['executor_link_reconnects_total{link="publish"}'] == 1


@pytest.mark.slow
def test_heartbeats_go_on_while_a_long_job_runs(frontend: Frontend, start: StartWorker) -> None:
    worker = start(AMQP_HEARTBEAT_S="5")
    assert frontend.judge(sleeping_job(20))["verdict"] == "AC"
    assert not worker.events("link_lost")


@on_every_release
def test_a_deleted_job_queue_is_declared_again(frontend: Frontend, start: StartWorker) -> None:
    worker = start(AMQP_QUEUE="short-lived")
    frontend.channel.queue_delete("short-lived")
    worker.wait_for("worker_ready", count=2, timeout=SOON_S)
    assert _judged(frontend, "short-lived")


def test_a_job_whose_queue_is_deleted_in_mid_run_is_answered(
    frontend: Frontend, start: StartWorker
) -> None:
    worker = start(AMQP_QUEUE="short-lived")
    correlation = frontend.publish(sleeping_job(2), queue="short-lived")
    worker.wait_for("job_received")
    frontend.channel.queue_delete("short-lived")
    assert frontend.reply(correlation, SOON_S)["verdict"] == "AC"
    worker.wait_for("worker_ready", count=2, timeout=SOON_S)
    assert _judged(frontend, "short-lived")


@on_every_release
def test_a_deleted_queue_of_verdicts_is_declared_again(
    frontend: Frontend, start: StartWorker
) -> None:
    worker = start(AMQP_VERDICTS_QUEUE="verdicts-deleted")
    wait_until(lambda: _publishes(worker) == 1, SOON_S, "the publisher is up")
    frontend.channel.queue_delete("verdicts-deleted")
    frontend.publish(job(), reply_to=None)
    worker.wait_for("own_queue_gone")
    wait_until(lambda: _publishes(worker) == 2, SOON_S, "the queue is back")
    wait_until(lambda: frontend.depth("verdicts-deleted") == 1, SOON_S, "the verdict is in it")
    frontend.channel.queue_delete("verdicts-deleted")


OTHER_ARGUMENTS = {
    "classic": {},
    "classic-priorities": {"x-max-priority": 5},
    "quorum-limits": {"x-queue-type": "quorum", "x-max-length": 100, "x-delivery-limit": 7},
}


@on_every_release
@pytest.mark.parametrize("queue", OTHER_ARGUMENTS)
def test_a_queue_that_exists_with_other_arguments_is_taken_as_it_is(
    frontend: Frontend, start: StartWorker, queue: str
) -> None:
    frontend.channel.queue_declare(queue, durable=True, arguments=OTHER_ARGUMENTS[queue])
    worker = start(AMQP_QUEUE=queue)
    (refused,) = worker.events("declaration_refused")
    assert (refused["name"], refused["level"]) == (queue, "warning")
    assert "inequivalent arg" in refused["error"]
    assert _judged(frontend, queue)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("amqp://judge:", "amqp://nobody:"), "wrong user or password"),
        (("/%2F", "/elsewhere"), "no access to this virtual host: vhost elsewhere not found"),
        (("127.0.0.1", "no-such-host.invalid"), "no such host: "),
    ],
)
def test_a_link_that_cannot_be_opened_is_one_plain_line_for_each_attempt(
    broker: PrivateBroker, start: StartWorker, change: tuple[str, str], told: str
) -> None:
    worker = start(broker.url.replace(*change), ready=False)
    worker.wait_for("link_failed", count=3, timeout=SOON_S)
    for event in worker.events("link_failed"):
        assert told in event["error"]
        assert change[1].strip("/").removeprefix("amqp://").strip(":") in event["host"] + "nobody"
        assert 0 <= event["retry_in_s"] <= 30
    log = worker.log.read_text()
    assert "Traceback" not in log
    assert broker.url.split(":")[2].split("@")[0] not in log


def _dead_port() -> int:
    """A port that nobody listens on, at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def test_of_several_brokers_one_that_lives_is_enough(
    broker: PrivateBroker, frontend: Frontend, start: StartWorker, tmp_path: Path
) -> None:
    dead = [broker.url.replace(f":{broker.port}/", f":{_dead_port()}/") for _ in range(3)]
    urls = ",".join([*dead, broker.url])
    worker = start(urls)
    correlation = frontend.publish(job())
    assert frontend.reply(correlation, SOON_S)["verdict"] == "AC"
    ways = [event for event in worker.events() if event["event"] in ("link_failed", "link_opened")]
    assert {event["host"] for event in ways if event["event"] == "link_opened"} == {
        f"127.0.0.1:{broker.port}/"
    }
    assert all("Connection refused" in e["error"] for e in ways if e["event"] == "link_failed")
    (tmp_path / "job.json").write_text(json.dumps(job()))
    submit = executor(tmp_path, "submit", "--job", "job.json", AMQP_URL=urls)
    assert (submit.returncode, submit.stderr) == (0, "")


def test_of_several_brokers_that_are_all_away_each_is_told_in_the_one_line(tmp_path: Path) -> None:
    ports = [_dead_port(), _dead_port()]
    urls = ",".join(f"amqp://user:secret@127.0.0.1:{port}/" for port in ports)
    (tmp_path / "job.json").write_text(json.dumps(job()))
    submit = executor(tmp_path, "submit", "--job", "job.json", AMQP_URL=urls)
    assert submit.returncode == 2
    assert submit.stderr.count("\n") == 1
    for port in ports:
        assert f"broker 127.0.0.1:{port}/: Connection refused" in submit.stderr
    assert "secret" not in submit.stderr


def test_the_url_is_taken_from_a_file(
    broker: PrivateBroker, run_folder: RunFolder, start: StartWorker, tmp_path: Path
) -> None:
    secret = run_folder.make("secrets") / "amqp_url"
    secret.write_text(f"{broker.url}\n")
    start(AMQP_URL="", AMQP_URL_FILE=str(secret))
    (tmp_path / "job.json").write_text(json.dumps(job()))
    submit = executor(tmp_path, "submit", "--job", "job.json", AMQP_URL_FILE=str(secret))
    assert (submit.returncode, submit.stderr) == (0, "")


def _publishes(worker: ExecutorProcess) -> int:
    """How often it has opened the link that publishes."""
    return sum(event["link"].endswith(" publishes") for event in worker.events("link_opened"))


def _judged(frontend: Frontend, queue: str) -> bool:
    """Whether a job on that queue is accepted; the queue is deleted."""
    frontend.replies.clear()
    frontend.channel.basic_publish(
        "", queue, json.dumps(job()).encode(), pika.BasicProperties(reply_to=frontend.reply_queue)
    )

    # Without a correlation id, as a careless frontend would.
    def arrived() -> bool:
        frontend.receive(0.1)
        return bool(frontend.replies)

    wait_until(arrived, SOON_S, "the reply")
    frontend.channel.queue_delete(queue)
    (((_, body),),) = frontend.replies.values()
    return bool(json.loads(body)["verdict"] == "AC")
