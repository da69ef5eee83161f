"""A Debian with nothing in it but our clone, and an operator who stands there."""

import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from io import BytesIO

from stack.docker import AS_ROOT, Container, docker, run
from stack.paths import ROOT

_CLONE = "/root/clone"
_OURS = (
    "/opt/oj-executor /var/lib/executor /var/log/oj-executor /run/safeexec"
    " /usr/local/lib/oj-executor /usr/local/bin/executor /usr/local/bin/safeexec"
    " /etc/supervisor/conf.d/*.conf /etc/default/safeexec /etc/systemd/system/*.service"
    " /etc/systemd/system/*.wants/executor.service"
)
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


class Debian(Container):
    """A bare Debian of that release. `command` is its pid 1."""

    def __init__(self, release: str, *command: str, options: Sequence[str] = ()) -> None:
        # It trusts whom this machine trusts, when it installs.
        trust = f"--volume={_CERTIFICATES}:/etc/ssl/host.pem:ro", "--env=PIP_CERT=/etc/ssl/host.pem"
        super().__init__(_image(release), *command, options=[*trust, *options])

    def get_clone(self) -> None:
        """Puts the clone there, as git has it now, and sudo."""
        self.do("apt-get", "update")
        self.do("apt-get", "install", "--yes", "--no-install-recommends", "sudo")
        keep = "echo 'Defaults env_keep += PIP_CERT' >/etc/sudoers.d/certificates"
        self.do("sh", "-c", keep)
        self.do("mkdir", _CLONE)
        unpack = ["docker", "exec", "--interactive", self.id, "tar", "-x", "-C", _CLONE]
        subprocess.run(unpack, input=_clone(), check=True)

    def in_clone(self, *argv: str) -> str:
        """The stdout of a command of its operator, who stands in the clone."""
        return docker("exec", f"--workdir={_CLONE}", self.id, *argv)

    @property
    def left(self) -> str:
        """What there is of ours beside the clone, a line each."""
        return self.do("sh", "-c", f"ls -d {_OURS} 2>/dev/null; getent passwd executor; true")

    def type(self, *lines: str) -> str:
        """The stdout of such lines, in that operator's shell. Fails if one of them does."""
        return self.in_clone("bash", "-ec", "\n".join(lines))


def _image(release: str) -> str:
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


def _clone() -> bytes:
    """An archive of what is in git, but for the tests."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, check=True)
    archive = BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name in listed.stdout.decode().splitlines():
            if not name.startswith("tests/"):
                tar.add(ROOT / name, name)
    return archive.getvalue()
