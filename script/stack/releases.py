"""The releases of RabbitMQ that are tested, each as its Debian packages it."""

import os
from dataclasses import dataclass
from pathlib import Path

from stack.paths import ROOT

SCRIPTS = Path("/usr/lib/rabbitmq/bin")  # /usr/sbin has wrappers that insist on system folders
MAJORS = (3, 4)
"""RabbitMQ 3 is Debian 12's, 4 Debian 13's."""

OTHER_DEBIANS = (ROOT / ".venv").resolve().parent / "debian"
"""Where `script/setup --rabbitmq` puts the `usr` of the Debian that this machine is not."""

# The other Debian's /usr takes the place of ours, for the server alone: it brings its own C library
# and Erlang, and shares everything else. A mount namespace ends with its last process.
_WITH_ANOTHER_USR = 'mount --bind "$0" /usr && exec "$@"'


class ReleaseMissing(RuntimeError):
    """That release is not on this machine. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Release:
    """A RabbitMQ on this machine. usr: of the Debian that it comes from; None: it is our own."""

    version: str
    usr: Path | None

    @property
    def entrance(self) -> list[str]:
        """What stands before a command, and before its change of user, for it to run there."""
        if self.usr is None:
            return []
        # Who is not root may mount only where he is: in a user namespace of his own.
        become = [] if os.geteuid() == 0 else ["--map-root-user"]
        return ["unshare", *become, "--mount", "--", "sh", "-c", _WITH_ANOTHER_USR, str(self.usr)]


def installed() -> Release:
    """This machine's own RabbitMQ."""
    return Release(_version(Path("/usr")), None)


def is_installed(major: int) -> bool:
    """Whether this machine's own is one of those."""
    return installed().version.startswith(f"{major}.")


def release_of(major: int) -> Release:
    """One of the MAJORS. Raises ReleaseMissing."""
    if is_installed(major):
        return installed()
    for usr in OTHER_DEBIANS.glob("*/usr"):
        if (version := _version(usr)).startswith(f"{major}."):
            return Release(version, usr)
    raise ReleaseMissing(f"there is no RabbitMQ {major}: script/setup --rabbitmq gets it")


def _version(usr: Path) -> str:
    """From the name of its library's folder, `rabbitmq_server-3.10.8`; "" if there is none."""
    for folder in usr.glob("lib/rabbitmq/lib/rabbitmq_server-*"):
        return folder.name.rpartition("-")[2]
    return ""
