"""The commands of README.md and of the pages below docs/, run as they stand there.

`BLOCKS` has who runs each of them; a block that it does not know fails a test. docs/operations.md
is followed by tests/engine: see tests/unit/test_operations.py.
"""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from executor.sandbox import Sandbox, SandboxUnavailable
from stack import Frontend, PrivateBroker, RunFolder, Safeexec, Stack, wait_until
from stack.docker import AS_ROOT
from stack.paths import ROOT
from tests.broker.conftest import sleeping_job
from tests.deploy.test_judging import copy
from tests.deploy.test_scripts import Server
from tests.page import OPERATIONS, changed, commands, type_in
from tests.problem_packages import PROBLEMS

HERE = "tests/deploy/test_pages.py"
CLIENTS = "tests/broker/test_clients.py::test_the_page_leads_to_a_first_verdict"
STORM = "tests/storm/test_storm.py::test_a_storm_breaks_no_promise"
BLOCKS = {
    "README.md": {
        "Two commands": [f"{HERE}::test_the_demonstration_is_as_the_readme_says"],
        "Deploying it": [
            "tests/engine/test_swarm.py::test_deployed_as_the_page_says_it_judges",
            "tests/engine/test_swarm.py::test_the_first_job_of_the_page_is_accepted",
            "tests/engine/test_bare_metal.py::test_an_edit_of_env_and_a_restart_make_it_a_worker",
            "tests/engine/test_bare_metal.py::test_a_broker_of_its_own_leads_to_a_first_verdict",
        ],
        "For a frontend's developer": [
            f"{HERE}::test_a_submission_is_judged",
            f"{HERE}::test_a_submission_is_judged",
        ],
        "What is lost when something fails": [STORM],
        "For a problem setter": [
            f"{HERE}::test_a_problem_is_judged",
            f"{HERE}::test_a_problem_is_judged",
        ],
        "For the broker's operator": [
            f"{HERE}::test_the_policies_are_applied",
            "tests/broker/test_permissions.py::test_the_permissions_of_the_manual_are_enough",
        ],
        "The sandbox": [f"{HERE}::test_the_sandbox_is_built_and_runs"],
    },
    "docs/frontend.md": {
        "A first verdict": [CLIENTS] * 4,
        "Several frontends, and their rights": [
            "tests/broker/test_clients.py::test_the_permissions_of_the_page_are_enough"
        ],
        "Cancelling": [f"{HERE}::test_a_job_is_cancelled"],
    },
    "docs/languages.md": {"Languages": [f"{HERE}::test_languages_are_installed"]},
    "docs/monitoring.md": {
        "Metrics": ["tests/deploy/test_prometheus.py::test_the_sample_and_the_rules_are_valid"],
    },
    "docs/problems.md": {
        "Packages at the workers": [f"{HERE}::test_a_package_at_the_workers_is_judged"] * 2
    },
    "docs/reliability.md": {"The storm": [STORM]},
}
"""For each page, heading and block the test that runs it."""
SOON_S = 60


def blocks(page: str) -> dict[str, list[str]]:
    return commands(ROOT / page)


@pytest.fixture(scope="module")
def desk() -> Iterator[Path]:
    """A folder that looks like the clone, to write into."""
    with RunFolder() as folder:
        desk = folder.make("desk")
        for name in ("script", "tests"):
            (desk / name).symlink_to(ROOT / name)
        yield desk


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    """The URL that script/server prints."""
    (line,) = blocks("README.md")["For a frontend's developer"][0].splitlines()
    with RunFolder() as folder:
        env = {"EXECUTOR_LANGUAGES": "c,cpp,python"}
        server = Server(folder.make("tmp"), env, shlex.split(line))
        try:
            yield server.ready()
        finally:
            server.close()


def test_every_block_of_a_page_has_a_test() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    found = {
        str(page.relative_to(ROOT)): {head: len(texts) for head, texts in commands(page).items()}
        for page in pages
        if page != OPERATIONS and commands(page)
    }
    known = {
        page: {head: len(tests) for head, tests in heads.items()} for page, heads in BLOCKS.items()
    }
    assert found == known


def test_the_tests_of_the_blocks_are_there() -> None:
    named = {test for heads in BLOCKS.values() for tests in heads.values() for test in tests}
    for test in named:
        file, _, name = test.partition("::")
        assert f"def {name}(" in (ROOT / file).read_text(), test


@pytest.mark.slow
def test_the_demonstration_is_as_the_readme_says() -> None:
    (block,) = blocks("README.md")["Two commands"]
    # script/test would run itself.
    demo = "".join(line for line in block.splitlines(True) if not line.startswith("script/test "))
    assert demo.count("\n") == 1
    assert re.search(r"^(\d+) of \1 verdicts as expected$", type_in(ROOT, demo), re.M)


@pytest.mark.slow
def test_a_submission_is_judged(broker: str, desk: Path) -> None:
    submit = blocks("README.md")["For a frontend's developer"][1]
    (desk / "1.in").write_text("1 2\n")
    (desk / "1.ans").write_text("3\n")
    (desk / "sum.cpp").write_text(
        "#include <iostream>\nint main() { int a, b; std::cin >> a >> b; std::cout << a + b; }\n"
    )
    assert type_in(desk, submit, {"AMQP_URL": broker}).startswith("AC  submit-")


@pytest.mark.slow
def test_a_job_is_cancelled(broker: str, desk: Path) -> None:
    (cancel,) = blocks("docs/frontend.md")["Cancelling"]
    with Frontend(broker) as frontend:
        waiting = frontend.publish(sleeping_job(50, "s-812"))
        type_in(desk, cancel, {"AMQP_URL": broker})
        assert frontend.reply(waiting, SOON_S)["status"] == "cancelled"


SETTING = [
    line.partition(" #")[0].strip()
    for text in blocks("README.md")["For a problem setter"]
    for line in text.splitlines()
]


@pytest.mark.slow
@pytest.mark.parametrize("line", SETTING)
def test_a_problem_is_judged(line: str) -> None:
    type_in(ROOT, line, {"SAFEEXEC_SOCKET": "/nowhere/safeexec.sock"})


@pytest.mark.slow
def test_a_package_at_the_workers_is_judged(desk: Path) -> None:
    show, judge = blocks("docs/problems.md")["Packages at the workers"]
    path = {"path": "circle/data/sample/1.in"}
    assert json.loads(type_in(desk, show))["tests"][0]["input"] == path
    with RunFolder() as folder:
        packages = folder.make("packages")
        copy(PROBLEMS / "circle", packages / "circle")
        env = {"EXECUTOR_PACKAGES_DIR": str(packages)}
        with Stack(languages=["c"], env=env) as stack:
            judged = type_in(desk, judge, {"AMQP_URL": stack.amqp_url})
    assert judged.startswith("AC  accepted.circle.c ")


@pytest.mark.slow
def test_languages_are_installed() -> None:
    """As far as script/test has not installed them; one is enough to look at."""
    (block,) = blocks("docs/languages.md")["Languages"]
    with RunFolder() as folder, Safeexec(folder) as safeexec:
        env = {"SAFEEXEC_SOCKET": str(safeexec.socket), "EXECUTOR_LANGUAGES": "python3"}
        assert "python3" in type_in(ROOT, block, env)


@pytest.mark.slow
def test_the_policies_are_applied(tmp_path: Path) -> None:
    block = blocks("README.md")["For the broker's operator"][0]
    with PrivateBroker() as own:
        own.ctl("add_vhost", "judge")
        command = shlex.join(own.rabbitmqctl)
        instead = {
            "sudo script/policies": f"script/policies {command}",
            "docker exec my-broker rabbitmqctl": command,
        }
        type_in(ROOT, changed(block, instead))
        for vhost in ("/", "judge"):
            assert "submissions" in own.ctl("list_policies", "--vhost", vhost)


@pytest.mark.slow
def test_the_sandbox_is_built_and_runs() -> None:
    (block,) = blocks("README.md")["The sandbox"]
    with RunFolder() as folder:
        home = folder.make("home")
        copy(ROOT / "safeexec", home / "safeexec")
        build, make_folder, serve, once = changed(
            block, {"/run/safeexec": str(home / "run"), "sudo ": " ".join([*AS_ROOT, ""])}
        ).splitlines()
        type_in(home, f"{build}\n{make_folder}")
        safeexec = home / "safeexec"
        (safeexec / "in").write_text("")
        (safeexec / "a.c").write_text('#include <stdio.h>\nint main() { puts("hello"); }\n')
        type_in(safeexec, f"cc a.c\n{once}")
        assert (safeexec / "out").read_text() == "hello\n"
        with subprocess.Popen(["bash", "-c", f"exec {serve}"], cwd=safeexec) as served:
            try:
                socket = Sandbox(home / "run" / "safeexec.sock")
                wait_until(lambda: _answers(socket), SOON_S, "it serves")
            finally:
                served.terminate()


def _answers(sandbox: Sandbox) -> bool:
    try:
        sandbox.slot().close()
    except SandboxUnavailable:
        return False
    return True
