"""The seed's frontends: real Celery calls the task, and its result comes back."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from amqp.exceptions import PreconditionFailed
from celery import Celery, group
from kombu import Queue, pools

from stack import ExecutorProcess, Frontend, PrivateBroker, RunFolder, Safeexec, wait_until
from stack.paths import ROOT
from tests.legacy_messages import NAMES, task_body, task_headers
from tests.web import Web, content

SOON_S = 60
MANUAL = ROOT / "docs" / "frontend-seed.md"
ADD = "a, b = map(int, input().split())\nprint(a + b)\n"


class Data:
    """Test data on a web server of our own."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def put(self, name: str, text: str, status: int = 200) -> tuple[str, str]:
        """Serves a text; its URL and its SHA-512."""
        self._web.replies[f"/{name}"] = content(text.encode(), status)
        return self._web.url(f"/{name}"), hashlib.sha512(text.encode()).hexdigest()

    def arguments(
        self, code: str, tests: list[tuple[str, str]], lang: str = "python3"
    ) -> dict[str, Any]:
        """The nine arguments for a program and its tests, each an input and an answer."""
        inputs = [self.put(f"{n}.in", test[0]) for n, test in enumerate(tests)]
        answers = [self.put(f"{n}.ans", test[1]) for n, test in enumerate(tests)]
        values = [
            {"email": "ada@example.org"},
            quote(code),
            lang,
            {"contest_code": "practice"},
            {"time": 1, "mem": 65536},
            [url for url, _ in inputs],
            [url for url, _ in answers],
            [digest for _, digest in inputs],
            [digest for _, digest in answers],
        ]
        return dict(zip(NAMES, values, strict=True))


@pytest.fixture
def data() -> Iterator[Data]:
    with Web() as web:
        yield Data(web)


@pytest.fixture(scope="module")
def judge(
    broker: PrivateBroker, run_folder: RunFolder, safeexec: Safeexec
) -> Iterator[ExecutorProcess]:
    """One worker for all messages."""
    with ExecutorProcess(
        run_folder,
        amqp_url=broker.url,
        socket=safeexec.socket,
        name="worker-of-celery",
        languages=["python3", "c"],
        env={"EXECUTOR_TESTDATA_HOSTS": "127.0.0.1"},
    ) as worker:
        yield worker.wait_ready()


Connect = Callable[..., Celery]


@pytest.fixture
def connect(broker: PrivateBroker) -> Iterator[Connect]:
    """Makes a Celery app with the manual's settings; those given change or remove (None) them."""
    apps: list[Celery] = []

    def connect(**changes: Any) -> Celery:
        app = Celery("tasks", broker=broker.url, backend="rpc://", set_as_current=False)
        usual = {
            "task_default_queue": "submissions",
            "task_queues": [Queue("submissions", no_declare=True)],
            "broker_transport_options": {"confirm_publish": True},
        }
        app.conf.update({key: value for key, value in (usual | changes).items() if value})
        apps.append(app)
        return app

    yield connect
    for app in apps:
        if app.backend.result_consumer._consumer is not None:
            app.backend.result_consumer.stop()
        app.close()
    # All apps of a process share its connections, which remember what was declared.
    pools.reset()


@pytest.fixture
def execute(connect: Connect, frontend: Frontend, judge: ExecutorProcess) -> Any:
    return task_of(connect())


def task_of(app: Celery) -> Any:
    @app.task(name="tasks.execute", typing=False)
    def execute(*_args: Any, **_kwargs: Any) -> None:
        raise AssertionError("the worker runs it, not we")

    return execute


def words(result: dict[str, Any]) -> list[str]:
    return [entry["status"]["run_status"] for entry in result["legacy"]["status"]]


def fields(result: dict[str, Any]) -> list[str]:
    return [field["path"] for field in result["error"]["fields"]]


def test_the_client_of_the_manual_prints_what_the_manual_says(
    broker: PrivateBroker, frontend: Frontend, judge: ExecutorProcess, data: Data, tmp_path: Path
) -> None:
    blocks = MANUAL.read_text().split("```")
    (client,) = (block.removeprefix("python\n") for block in blocks if block.startswith("python"))
    (promised,) = (block.lstrip() for block in blocks if block.startswith("\ndone"))
    (tmp_path / "client.py").write_text(client)
    (tmp_path / "add.py").write_text(ADD)
    tests = [("1 2\n", "3\n"), ("2 2\n", "5\n")]
    urls = [
        data.put(f"{number}.{kind}", text)[0]
        for number, test in enumerate(tests)
        for kind, text in zip(("in", "ans"), test, strict=True)
    ]
    run = subprocess.run(
        [sys.executable, "client.py", "add.py", "Python 3", *urls],
        cwd=tmp_path,
        env={"AMQP_URL": broker.url},
        capture_output=True,
        text=True,
        timeout=SOON_S,
    )
    assert (run.stdout, run.stderr) == (promised, "")


def test_delay_and_get_return_the_result_with_the_seeds_form(execute: Any, data: Data) -> None:
    sent = execute.delay(*data.arguments(ADD, [("1 2\n", "3 \n\n")]).values())
    result = sent.get(timeout=SOON_S)
    assert (result["schema"], result["id"], result["status"]) == ("oj.result/1", sent.id, "done")
    assert (result["verdict"], result["limits"]["memory_kib"] >= 65536) == ("AC", True)
    legacy = result["legacy"]
    assert (legacy["AC_no"], legacy["WA_no"], legacy["compile_error"]) == (1, 0, False)
    assert legacy["job_id"] == sent.id
    (entry,) = legacy["status"]
    assert entry["status"]["run_status"] == "AC"
    assert entry["status"]["memory_taken"] == result["tests"][0]["memory_kib"]
    assert entry["status"]["cpu_time"] == result["tests"][0]["cpu_ms"] / 1000
    assert sent.state == "SUCCESS"


@pytest.mark.slow
def test_every_test_is_run_and_told_in_the_seeds_words(execute: Any, data: Data) -> None:
    code = (
        "import os, time\n"
        "what = input()\n"
        "if what == 'exit': raise SystemExit(3)\n"
        "if what == 'abort': os.abort()\n"
        "while what == 'spin': pass\n"
        "if what == 'sleep': time.sleep(60)\n"
        "if what == 'hoard': print(len(bytearray(2**28)))\n"
        "print(what)\n"
    )
    asked = ["right", "wrong", "exit", "abort", "spin", "sleep", "hoard", "right"]
    tests = [(word, "right") for word in asked]
    arguments = data.arguments(code, tests) | {"exec_args": {"time": "0.2", "mem": 65536}}
    result = execute.delay(**arguments).get(timeout=SOON_S)
    assert words(result) == [
        "AC",
        "WA",
        "NZEC(3)",
        "Command terminated by signal (6: SIGABRT)",
        "TLE",
        "RTLE",
        "MLE",
        "AC",
    ]
    assert (result["verdict"], result["legacy"]["AC_no"], result["legacy"]["WA_no"]) == ("WA", 2, 1)


def test_a_program_that_does_not_compile_is_a_compile_error(execute: Any, data: Data) -> None:
    arguments = data.arguments("int main(void) { return x; }", [("", "")] * 3, lang="C")
    result = execute.delay(**arguments).get(timeout=SOON_S)
    (entry,) = result["legacy"]["status"]
    assert (result["verdict"], result["legacy"]["compile_error"], entry["code"]) == ("CE", True, 1)
    assert "undeclared" in entry["message"]


def test_arguments_by_position_and_by_keyword_are_one_call(execute: Any, data: Data) -> None:
    arguments = data.arguments(ADD, [("1 2", "3")])
    first = [arguments.pop(name) for name in NAMES[:3]]
    assert execute.delay(*first, **arguments).get(timeout=SOON_S)["verdict"] == "AC"


def test_a_group_gets_each_result_in_its_place(execute: Any, data: Data) -> None:
    right = data.arguments(ADD, [("1 2", "3")])
    url, digest = data.put("wrong.ans", "4")
    wrong = right | {"output_file_urls": [url], "output_file_hash": [digest]}
    calls = [execute.s(**arguments) for arguments in (right, wrong, right)]
    results = group(calls).apply_async().get(timeout=SOON_S)
    assert [result["verdict"] for result in results] == ["AC", "WA", "AC"]


def test_a_task_id_of_odd_characters_gets_its_result(execute: Any, data: Data) -> None:
    odd = "Ada's task, n\u00b0 1"
    sent = execute.apply_async(kwargs=data.arguments(ADD, [("1 2", "3")]), task_id=odd)
    result = sent.get(timeout=SOON_S)
    assert (result["verdict"], result["id"][:7]) == ("AC", "legacy-")


def test_a_bad_call_is_told_its_argument_and_kept(
    execute: Any, data: Data, frontend: Frontend
) -> None:
    arguments = data.arguments(ADD, [("1 2", "3")]) | {"exec_args": {"time": 1, "mem": "lots"}}
    result = execute.delay(**arguments).get(timeout=SOON_S)
    assert (result["status"], result["verdict"], fields(result)) == (
        "rejected",
        "SE",
        ["exec_args.mem"],
    )
    assert words(result) == ["Internal Error"]
    properties, _ = wait_until(frontend.get, SOON_S, "a message in submissions.dead")
    assert properties.headers["task"] == "tasks.execute"


def test_a_language_that_there_is_not_is_told_by_its_argument(execute: Any, data: Data) -> None:
    arguments = data.arguments(ADD, [("1 2", "3")], lang="python2")
    result = execute.delay(**arguments).get(timeout=SOON_S)
    assert (result["error"]["code"], fields(result)) == ("unsupported_language", ["lang"])


def test_test_data_that_is_not_there_is_our_fault(execute: Any, data: Data) -> None:
    arguments = data.arguments(ADD, [("1 2", "3")])
    url, digest = data.put("gone", "nothing here", status=404)
    arguments |= {"input_file_urls": [url], "input_file_hash": [digest]}
    result = execute.delay(**arguments).get(timeout=SOON_S)
    assert (result["status"], result["error"]["code"]) == ("failed", "testdata_unavailable")
    assert words(result) == ["Internal Error"]


def test_test_data_of_another_hash_is_our_fault(execute: Any, data: Data) -> None:
    arguments = data.arguments(ADD, [("1 2", "3")])
    arguments["output_file_hash"] = [hashlib.sha512(b"another").hexdigest()]
    result = execute.delay(**arguments).get(timeout=SOON_S)
    assert (result["status"], result["error"]["code"]) == ("failed", "testdata_hash_mismatch")


def test_a_chain_is_refused_by_its_first_task(execute: Any, data: Data) -> None:
    arguments = data.arguments(ADD, [("1 2", "3")])
    sent = execute.apply_async(kwargs=arguments, link=execute.s())
    result = sent.get(timeout=SOON_S)
    assert (result["error"]["code"], fields(result)) == ("unsupported_feature", ["callbacks"])


def test_a_call_in_another_serializer_is_told_the_setting(execute: Any, data: Data) -> None:
    arguments = data.arguments(ADD, [("1 2", "3")])
    sent = execute.apply_async(kwargs=arguments, serializer="pickle")
    result = sent.get(timeout=SOON_S)
    assert result["error"]["code"] == "bad_json"
    assert "task_serializer" in result["error"]["message"]


def test_a_task_that_came_too_late_is_expired(frontend: Frontend, judge: ExecutorProcess) -> None:
    headers = task_headers(expires="2020-01-01T00:00:00+00:00")
    sent = frontend.publish(task_body(), headers=headers, type=None)
    properties, body = frontend.raw_reply(sent, SOON_S)
    answer = json.loads(body)
    assert (answer["task_id"], answer["status"]) == ("t-1", "SUCCESS")
    assert (answer["result"]["status"], answer["result"]["verdict"]) == ("expired", "CN")
    assert (properties.content_type, properties.content_encoding) == ("application/json", "utf-8")


def test_a_flat_message_is_answered_with_the_result_and_the_seeds_form(
    frontend: Frontend, judge: ExecutorProcess, data: Data
) -> None:
    body = json.dumps(data.arguments(ADD, [("1 2", "3")])).encode()
    sent = frontend.publish(body, type=None)
    properties, reply = frontend.raw_reply(sent, SOON_S)
    result = json.loads(reply)
    assert properties.type == "oj.result/1"
    assert (result["id"], result["verdict"], words(result)) == (sent, "AC", ["AC"])


def test_a_bad_flat_message_is_told_its_field(frontend: Frontend, judge: ExecutorProcess) -> None:
    body = json.dumps({name: [] for name in NAMES if name != "lang"}).encode()
    result = frontend.reply(frontend.publish(body, type=None), SOON_S)
    assert result["status"] == "rejected"
    assert "lang" in fields(result)


def test_celery_may_declare_the_queue_as_the_workers_do(
    connect: Connect, frontend: Frontend, judge: ExecutorProcess, data: Data
) -> None:
    execute = task_of(connect(task_queues=None, task_default_queue_type="quorum"))
    sent = execute.delay(**data.arguments(ADD, [("1 2", "3")]))
    assert sent.get(timeout=SOON_S)["verdict"] == "AC"


def test_celery_may_not_declare_the_queue_as_it_would_by_itself(
    connect: Connect, frontend: Frontend, judge: ExecutorProcess
) -> None:
    execute = task_of(connect(task_queues=None))
    with pytest.raises(PreconditionFailed, match="inequivalent arg 'x-queue-type'"):
        execute.delay()


def test_the_worker_does_without_celery() -> None:
    code = "import sys, executor.worker; print({'celery', 'kombu', 'amqp'} & {*sys.modules})"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout == "set()\n"
