"""The clients of docs/frontend.md: each does with a real worker what the page says of it."""

import hashlib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pika.exceptions import NackError

from stack import ExecutorProcess, Frontend, PrivateBroker, wait_until
from stack.paths import ROOT
from tests.broker.conftest import StartWorker, job, wait_listening
from tests.web import Request, Web, content

SOON_S = 60
PAGE = ROOT / "docs" / "frontend.md"
CLIENTS = ROOT / "docs" / "clients"
RESULTS = "results-of-the-clients"
FILES = {
    "right.py": "print(sum(map(int, input().split())))\n",
    "wrong.py": "print(4)\n",
    "slow.py": "import time\ntime.sleep(60)\n",
    "1.in": "1 2\n",
    "1.ans": "3\n",
}
AMQPLIB = hashlib.sha256((CLIENTS / "package-lock.json").read_bytes()).hexdigest()[:12]
NODE_MODULES = (ROOT / ".venv").resolve().parent / f"clients-{AMQPLIB}" / "node_modules"
"""Where `script/setup --clients` puts what the lock file names."""

INTERPRETERS = {"submit.py": sys.executable, "submit.mjs": "node", "submit.php": "php"}


class Client:
    """One of the clients, copied to a folder with programs as a developer would do it."""

    def __init__(self, name: str, folder: Path, url: str, running: ExitStack) -> None:
        self.command = [INTERPRETERS[name], name]
        self.folder = folder
        self.url = url
        self._running = running
        (folder / name).write_bytes((CLIENTS / name).read_bytes())
        assert NODE_MODULES.is_dir(), "script/setup --clients gets amqplib"
        (folder / "node_modules").symlink_to(NODE_MODULES)
        for file, text in FILES.items():
            (folder / file).write_text(text)

    def start(self, *args: str, url: str | None = None, **env: str) -> subprocess.Popen[str]:
        """Its stdout is a pipe, its stderr the file `stderr`."""
        with (self.folder / "stderr").open("w") as stderr:
            process = subprocess.Popen(
                [*self.command, *args],
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], "AMQP_URL": url or self.url} | env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        self._running.callback(process.communicate)
        self._running.callback(process.kill)
        return process

    def submit(self, *programs: str, language: str = "python3", **env: str) -> list[str]:
        """The lines it prints about programs that add two numbers; all of them get a result."""
        process = self.start(language, "1.in", "1.ans", *programs, **env)
        return self.lines(process)

    def lines(self, process: subprocess.Popen[str]) -> list[str]:
        output, _ = process.communicate(timeout=SOON_S)
        assert process.returncode == 0, self.said()
        return _stripped(output)

    def said(self) -> str:
        """What it wrote on stderr up to now."""
        return (self.folder / "stderr").read_text()


@pytest.fixture(params=INTERPRETERS)
def client(
    request: pytest.FixtureRequest, tmp_path: Path, broker: PrivateBroker
) -> Iterator[Client]:
    with ExitStack() as running:
        yield Client(request.param, tmp_path, broker.url, running)


@pytest.fixture
def results(frontend: Frontend) -> str:
    """A durable queue for results, as the clients declare it."""
    arguments = {"x-queue-type": "quorum"}
    frontend.channel.queue_declare(RESULTS, durable=True, arguments=arguments)
    frontend.channel.queue_purge(RESULTS)
    return RESULTS


def test_the_page_shows_the_clients_as_they_are() -> None:
    shown = [text for kind, text in _blocks(PAGE.read_text()) if kind in ("python", "js", "php")]
    assert shown == [(CLIENTS / name).read_text() for name in INTERPRETERS]


@pytest.mark.slow
def test_the_page_leads_to_a_first_verdict(
    broker: PrivateBroker, worker: ExecutorProcess, tmp_path: Path
) -> None:
    section = _blocks(PAGE.read_text().split("\n## ")[1])
    commands = "".join(text for kind, text in section if kind == "sh")
    (promised,) = (text for kind, text in section if kind == "")
    done = subprocess.run(
        ["bash", "-ec", commands.replace("/tmp/first", str(tmp_path / "first"))],
        cwd=ROOT,
        env=os.environ | {"AMQP_URL": broker.url},
        capture_output=True,
        text=True,
        timeout=SOON_S * 5,
    )
    assert done.returncode == 0, done.stderr
    assert _stripped(done.stdout) == _stripped(promised) * len(INTERPRETERS)


def test_a_right_and_a_wrong_program_are_told_apart(
    client: Client, worker: ExecutorProcess
) -> None:
    assert client.submit("right.py", "wrong.py") == ["right.py done AC", "wrong.py done WA"]
    assert re.search(r"^\S+/1 finished AC$", client.said(), re.M)


def test_a_job_that_is_bad_is_told_with_its_code(client: Client, worker: ExecutorProcess) -> None:
    assert client.submit("right.py", language="klingon") == [
        "right.py rejected SE unsupported_language"
    ]


def test_what_takes_too_long_is_cancelled(client: Client, worker: ExecutorProcess) -> None:
    wait_listening(worker)
    assert client.submit("slow.py", TIMEOUT_S="1") == ["slow.py cancelled CN cancelled"]


@pytest.mark.slow
def test_a_failure_that_may_pass_is_tried_again_with_the_next_attempt(
    client: Client, frontend: Frontend, start: StartWorker
) -> None:
    start(EXECUTOR_TESTDATA_HOSTS="127.0.0.1")
    answers = iter([content(b"not yet", 404), content(b"1 2\n")])

    def reply(request: Request) -> None:
        next(answers)(request)

    with Web() as web:
        web.replies["/1.in"] = reply
        lines = client.lines(client.start("python3", web.url("/1.in"), "1.ans", "right.py"))
    assert lines == ["right.py failed JE testdata_unavailable", "right.py done AC"]
    assert re.search(r"^\S+/2 finished AC$", client.said(), re.M)


def test_a_result_that_waited_is_taken_and_its_duplicate_dropped(
    client: Client, frontend: Frontend, worker: ExecutorProcess, results: str
) -> None:
    for _ in range(2):
        frontend.publish(job("s-1"), reply_to=results, correlation_id="s-1/1")
    wait_until(lambda: frontend.depth(results) == 2, SOON_S, "both results wait")
    lines = client.submit("right.py", REPLY_TO=results)
    assert lines == ["s-1/1 done AC", "right.py done AC"]
    wait_until(lambda: _consumers(frontend, results) == 0, SOON_S, "the client is gone")
    assert frontend.depth(results) == 0


@pytest.mark.slow
def test_a_full_queue_is_waited_for(
    client: Client, broker: PrivateBroker, frontend: Frontend, start: StartWorker
) -> None:
    definition = '{"max-length": 1, "overflow": "reject-publish"}'
    broker.ctl("set_policy", "--priority", "99", "full", "^submissions$", definition)
    try:

        def full() -> bool:
            try:
                frontend.publish(job())
            except NackError:
                return True
            return False

        wait_until(full, SOON_S, "the queue refuses a job")
        process = client.start("python3", "1.in", "1.ans", "right.py")
        wait_until(lambda: "the queue is full" in client.said(), SOON_S, "the client says so")
        start()
        assert client.lines(process) == ["right.py done AC"]
    finally:
        broker.ctl("clear_policy", "full")


@pytest.mark.slow
def test_a_missing_queue_is_told_in_one_line(client: Client, broker: PrivateBroker) -> None:
    broker.ctl("add_vhost", "empty")
    try:
        broker.ctl("set_permissions", "-p", "empty", "judge", ".*", ".*", ".*")
        url = broker.url.replace("%2F", "empty")
        process = client.start("python3", "1.in", "1.ans", "right.py", url=url)
        assert process.wait(SOON_S) == 1
        assert client.said() == (
            "there is no queue 'submissions': start a worker, which declares it\n"
        )
    finally:
        broker.ctl("delete_vhost", "empty")


@pytest.mark.slow
@pytest.mark.parametrize("client", ["submit.py"], indirect=True)
def test_the_permissions_of_the_page_are_enough(
    client: Client, broker: PrivateBroker, frontend: Frontend, worker: ExecutorProcess
) -> None:
    wait_listening(worker)
    (line,) = re.findall(r"^rabbitmqctl set_permissions .*$", PAGE.read_text(), re.M)
    command = shlex.split(line)[1:]
    user = command[command.index("/") + 1]
    broker.ctl("add_user", user, "secret")
    try:
        broker.ctl(*command)
        url = f"amqp://{user}:secret@127.0.0.1:{broker.port}/%2F"
        assert client.submit("right.py", url=url) == ["right.py done AC"]
        durable = {"REPLY_TO": "results.web", "TIMEOUT_S": "1"}
        assert client.submit("slow.py", url=url, **durable) == ["slow.py cancelled CN cancelled"]
    finally:
        broker.ctl("delete_user", user)
        frontend.channel.queue_delete("results.web")


def test_a_job_that_expires_in_the_queue_is_a_dead_letter_and_has_no_result(
    frontend: Frontend, start: StartWorker
) -> None:
    # What a worker declares when it has started once.
    worker = start()
    worker.terminate()
    worker.wait(SOON_S)
    correlation = frontend.publish(job("late"), expiration="1")
    properties, _ = wait_until(frontend.get, SOON_S, "the dead letter")
    assert properties.correlation_id == correlation
    assert properties.headers["x-first-death-reason"] == "expired"
    assert frontend.depth() == 0


def _blocks(markdown: str) -> list[tuple[str, str]]:
    """Its code blocks: the language and the text."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", markdown, re.S | re.M)


def _stripped(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines()]


def _consumers(frontend: Frontend, queue: str) -> int:
    count: int = frontend.channel.queue_declare(queue, passive=True).method.consumer_count
    return count
