"""setup-worker.sh on a bare Debian with a supervisord: set up twice, restarted, removed."""

import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from io import BytesIO
from urllib.parse import urlsplit

import pytest

from stack import Frontend, wait_until
from stack.docker import AS_ROOT, FULL, Container, docker, run
from stack.paths import ROOT
from tests.engine.conftest import LANGUAGES, READY
from tests.engine.page import OPERATIONS, commands
from tests.engine.test_image import PYTHON, C

pytestmark = pytest.mark.slow

CLONE = "/root/clone"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
SET_UP, RESTART = commands(OPERATIONS)["Bare metal"]
LOG = "/var/log/oj-executor/executor.log"


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def machine(request: pytest.FixtureRequest, network: str) -> Iterator[Container]:
    """A Debian with nothing in it but our clone."""
    image = _debian(request.param)
    options = [f"--network={network}", *FULL]
    # It trusts whom this machine trusts, when it installs.
    options += [f"--volume={CERTIFICATES}:/etc/ssl/host.pem:ro", "--env=PIP_CERT=/etc/ssl/host.pem"]
    with Container(image, "sleep", "infinity", options=options) as container:
        _copy_clone(container)
        container.do("apt-get", "update")
        container.do("apt-get", "install", "--yes", "--no-install-recommends", "sudo")
        keep = "echo 'Defaults env_keep += PIP_CERT' >/etc/sudoers.d/certificates"
        container.do("sh", "-c", keep)
        _in_clone(container, "bash", "-ec", f"{SET_UP.strip()} --languages {LANGUAGES}")
        # A machine that boots starts it; a container does not.
        container.do("supervisord", "--configuration", "/etc/supervisor/supervisord.conf")
        yield container


def _in_clone(container: Container, *argv: str) -> str:
    """As its operator, who stands in the clone."""
    return docker("exec", f"--workdir={CLONE}", container.id, *argv)


def _wait_for_log(container: Container, text: str, count: int) -> None:
    def told() -> bool:
        return container.do("cat", LOG).count(text) >= count

    wait_until(told, 60, f"the log says {text} {count} times")


def _debian(release: str) -> str:
    """An image of that release: the engine's, or one that is made here, which stays."""
    image = f"debian:{release}-slim"
    if subprocess.run(["docker", "image", "inspect", image], capture_output=True).returncode:
        _bootstrap(release, image)
    return image


def _bootstrap(release: str, image: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = f"{folder}/root"
        run(*AS_ROOT, "debootstrap", "--variant=minbase", release, root)
        try:
            with subprocess.Popen(
                [*AS_ROOT, "tar", "-C", root, "-c", "."], stdout=subprocess.PIPE
            ) as pack:
                subprocess.run(["docker", "import", "-", image], stdin=pack.stdout, check=True)
            assert pack.returncode == 0
        finally:
            run(*AS_ROOT, "rm", "-rf", root)


def _copy_clone(container: Container) -> None:
    """What is in git, as it is now."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, check=True)
    archive = BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name in listed.stdout.decode().splitlines():
            if not name.startswith("tests/"):
                tar.add(ROOT / name, name)
    container.do("mkdir", CLONE)
    subprocess.run(
        ["docker", "exec", "--interactive", container.id, "tar", "-x", "-C", CLONE],
        input=archive.getvalue(),
        check=True,
    )


def test_an_edit_of_env_and_a_restart_make_it_a_worker(
    machine: Container, broker: str, frontend: Frontend
) -> None:
    edit = f"echo AMQP_URL={broker} >>.env"
    told = _in_clone(machine, "bash", "-ec", RESTART.replace("sudo editor .env", edit))
    assert told.splitlines()[:2] == ["executor: stopped", "executor: started"]
    assert "isolation full" in told
    _wait_for_log(machine, READY, 1)
    for job in (C, PYTHON):
        result = frontend.judge(job)
        assert result["verdict"] == "AC", result
        assert result["worker"]["isolation"] == "full"


def test_a_second_run_harms_nothing(machine: Container, frontend: Frontend) -> None:
    before = machine.do("cat", "/opt/oj-executor/.env")
    pids = machine.do("supervisorctl", "pid", "all")
    _in_clone(machine, "./setup-worker.sh", "--languages", LANGUAGES)
    assert machine.do("cat", "/opt/oj-executor/.env") == before
    assert machine.do("supervisorctl", "pid", "all") == pids
    assert frontend.judge(PYTHON)["verdict"] == "AC"


def test_its_settings_are_for_no_other_user(machine: Container) -> None:
    assert machine.do("stat", "-c", "%A %U %G", "/opt/oj-executor/.env") == (
        "-rw-r----- root executor"
    )


def test_executor_check_finds_its_settings_wherever_one_stands(
    machine: Container, broker: str
) -> None:
    told = docker("exec", "--workdir=/", machine.id, "executor", "check")
    assert urlsplit(broker).netloc.rpartition("@")[2] in told
    assert "isolation full" in told


def test_removed_it_leaves_the_settings_and_nothing_else(machine: Container) -> None:
    _in_clone(machine, "./setup-worker.sh", "--uninstall")
    left = machine.do(
        "sh",
        "-c",
        "ls -d /opt/oj-executor /var/lib/executor /var/log/oj-executor /run/safeexec"
        " /usr/local/lib/oj-executor /usr/local/bin/executor /usr/local/bin/safeexec"
        " /etc/supervisor/conf.d/*.conf"
        " 2>/dev/null; getent passwd executor; true",
    )
    assert left == ""
    assert "AMQP_URL=amqp://guest:guest@" in _in_clone(machine, "cat", ".env")


def test_installed_once_more_it_has_its_settings_again(machine: Container) -> None:
    _in_clone(machine, "./setup-worker.sh", "--languages", LANGUAGES)
    assert "AMQP_URL=amqp://guest:guest@" in machine.do("cat", "/opt/oj-executor/.env")
    assert _in_clone(machine, "readlink", ".env").strip() == "/opt/oj-executor/.env"
