"""The policies of config/rabbitmq: one command applies them, and they hold on every release."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from pika.exceptions import NackError

from stack import Frontend, PrivateBroker, wait_until
from stack.paths import POLICIES, ROOT
from tests.broker.conftest import job, on_every_release
from tests.broker.test_command import executor

SOON_S = 30
VHOST = "of-the-policies"
LIMITED = "limited"
MAX_LENGTH = 20
OVERSHOOT = 5
"""A quorum queue's limit is not sharp: it takes one or two more."""


def shipped() -> list[dict[str, Any]]:
    policies: list[dict[str, Any]] = json.loads(POLICIES.read_text())["policies"]
    return policies


@pytest.fixture
def vhost(broker: PrivateBroker) -> Iterator[str]:
    broker.ctl("add_vhost", VHOST)
    yield VHOST
    broker.ctl("delete_vhost", VHOST)


@pytest.fixture
def limited(broker: PrivateBroker, frontend: Frontend) -> str:
    """An empty queue under the policy of `submissions`, but for a length that a test can reach."""
    (policy,) = (each for each in shipped() if each["name"] == "submissions")
    definition = json.dumps(policy["definition"] | {"max-length": MAX_LENGTH})
    broker.ctl("set_policy", "--apply-to", "queues", LIMITED, f"^{LIMITED}$", definition)
    arguments = {"x-queue-type": "quorum"}
    frontend.channel.queue_declare(LIMITED, durable=True, arguments=arguments)
    frontend.channel.queue_purge(LIMITED)
    # What a worker declares when it starts.
    frontend.channel.exchange_declare("submissions.dlx", "fanout", durable=True)
    frontend.channel.queue_bind("submissions.dead", "submissions.dlx")
    return LIMITED


def fill(frontend: Frontend, queue: str) -> int:
    """Publishes until it is refused; returns how many were taken."""
    for number in range(MAX_LENGTH + OVERSHOOT):
        try:
            frontend.publish(job(f"s-{number}"), queue=queue)
        except NackError:
            return number
    raise AssertionError(f"{queue} takes more than {MAX_LENGTH + OVERSHOOT}")


@on_every_release
def test_one_command_applies_them_and_again_does_no_harm(broker: PrivateBroker, vhost: str) -> None:
    for _ in range(2):
        command = [str(ROOT / "script" / "policies"), "--vhost", vhost, *broker.rabbitmqctl]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    listed = json.loads(broker.ctl("list_policies", "--vhost", vhost, "--formatter", "json"))
    applied = {each["name"]: (each["pattern"], json.loads(each["definition"])) for each in listed}
    assert applied == {each["name"]: (each["pattern"], each["definition"]) for each in shipped()}


def test_a_policy_that_is_refused_is_told_and_ends_the_command(broker: PrivateBroker) -> None:
    command = [str(ROOT / "script" / "policies"), "--vhost", "not-there", *broker.rabbitmqctl]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "'not-there' does not exist" in done.stdout + done.stderr
    assert done.stderr.endswith("policies: submissions is not set; rabbitmqctl says why, above\n")


@on_every_release
def test_a_frontend_that_floods_is_told_and_taken_again_when_there_is_room(
    frontend: Frontend, limited: str
) -> None:
    assert fill(frontend, limited) >= MAX_LENGTH
    frontend.channel.queue_purge(limited)

    def taken_again() -> bool:
        try:
            frontend.publish(job("later"), queue=limited)
        except NackError:
            return False
        return True

    wait_until(taken_again, SOON_S, "a job is taken again")


def test_submit_says_in_one_line_that_the_queue_is_full(
    broker: PrivateBroker, frontend: Frontend, limited: str, tmp_path: Any
) -> None:
    fill(frontend, limited)
    (tmp_path / "job.json").write_text(json.dumps(job()))
    settings = {"AMQP_URL": broker.url, "AMQP_QUEUE": limited}
    done = executor(tmp_path, "submit", "--job", "job.json", **settings)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"executor: the queue '{limited}' takes no job now: it is full, or without a leader; "
        "try again later\n"
    )


@on_every_release
def test_a_job_over_the_brokers_own_delivery_limit_is_a_dead_letter(
    frontend: Frontend, limited: str
) -> None:
    frontend.publish(job("poison"), queue=limited)

    def dead() -> Any:
        method, _, _ = frontend.channel.basic_get(limited)
        if method is not None:
            frontend.channel.basic_nack(method.delivery_tag, requeue=True)
        return frontend.get("submissions.dead")

    properties, body = wait_until(dead, SOON_S, "the dead letter")
    assert json.loads(body)["id"] == "poison"
    assert properties.headers["x-first-death-reason"] == "delivery_limit"
