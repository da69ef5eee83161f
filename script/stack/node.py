"""One RabbitMQ server of our own: Debian's, run directly, on 127.0.0.1 only."""

import base64
import contextlib
import hashlib
import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pika

from stack.frontend import JOB_QUEUE, wait_until
from stack.paths import POLICIES
from stack.process import Process, ProcessEnded, plain_environment, wrapper
from stack.releases import SCRIPTS, Release, installed
from stack.rundir import RunFolder

READY_S = 90.0
_ATTEMPTS = 3
_STOP_S = 30.0
_USER = "judge"
_LOOPBACK_ERL_ARGS = "-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}"
_SETTINGS = {
    "vm_memory_high_watermark": '{absolute, "1GiB"}',
    "disk_free_limit": '"50MB"',
}

BROKER_USER = "rabbitmq" if os.geteuid() == 0 else None
"""Who the servers run as; None: as we do."""


@dataclass(frozen=True, slots=True)
class Membership:
    """What the nodes of one broker have in common, and what tells this one from them.

    joins: the node whose cluster it becomes a member of, which runs already. settings: Erlang
    terms by their names in RabbitMQ's `rabbit` application. release: this machine's own, if none
    is named.
    """

    name: str = "rabbitmq"
    joins: str | None = None
    password: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    cookie: str = field(default_factory=lambda: secrets.token_hex(20))
    erl_args: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    release: Release = field(default_factory=installed)

    @property
    def node(self) -> str:
        """What Erlang calls it."""
        return f"{self.name}@localhost"


class Node:
    """A server with a data folder of its own; its epmd is somebody else's to provide.

    It is made stopped. `url` is valid for as long as it lives, also across restarts.
    """

    def __init__(
        self, folder: RunFolder, home: Path, member: Membership, ports: tuple[int, int, int]
    ) -> None:
        self.name = member.name
        self.home = home
        self.port, self.dist_port, self.epmd_port = ports
        self._folder = folder
        self._member = member
        self._server: Process | None = None
        self.frozen = False
        self._write_config()

    @property
    def url(self) -> str:
        """The AMQP URL of vhost "/" with the credentials of an administrator."""
        return f"amqp://{_USER}:{self._member.password}@127.0.0.1:{self.port}/%2F"

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._server is not None and self._server.running

    @property
    def log(self) -> Path:
        return self._process.log

    def check(self) -> None:
        """Raise ProcessEnded if it is no longer running."""
        self._process.check()

    def launch(self) -> None:
        """Start the server with the data it had; `wait_ready` is another step."""
        self._server = Process(
            self.name,
            [SCRIPTS / "rabbitmq-server"],
            folder=self._folder,
            env=self._environment(),
            cwd=self.home,
            user=BROKER_USER,
            entrance=self._member.release.entrance,
        )

    def wait_ready(self) -> None:
        """Wait until it takes connections. Raises ProcessEnded."""
        wait_until(self._takes_connections, READY_S, f"the broker {self.name} takes connections")

    def start(self) -> None:
        """Start the server with the data it had, and wait until it takes connections."""
        self.launch()
        self.wait_ready()

    def stop(self) -> None:
        """Stop the server in good order; its data stay."""
        self._process.stop(_STOP_S)

    def kill(self) -> None:
        """End the server as a power cut would; its data stay. Without one it does nothing."""
        if self._server is not None:
            self._server.kill()
        self.frozen = False

    def freeze(self) -> None:
        """Let it do nothing more, with all connections open, until `thaw` or `kill`.

        Thawed after its peers have given it up, a node of RabbitMQ 3.10 may find neither them nor
        an end: then only `kill` and `start` help.
        """
        self._process.signal(signal.SIGSTOP)
        self.frozen = True

    def thaw(self) -> None:
        """Let a frozen server go on."""
        self._process.signal(signal.SIGCONT)
        self.frozen = False

    def restart(self) -> None:
        """Stop it and start it again on the same port, with the same data."""
        self.stop()
        self.start()

    @property
    def rabbitmqctl(self) -> list[str]:
        """The command that runs this broker's rabbitmqctl, to be followed by what it is to do."""
        settings = self._environment() | {"RABBITMQ_CTL_ERL_ARGS": _LOOPBACK_ERL_ARGS}
        variables = [f"{name}={value}" for name, value in settings.items()]
        environment = ["env", "--ignore-environment", f"--chdir={self.home}", *variables]
        return [*environment, *self._become, str(SCRIPTS / "rabbitmqctl")]

    def ctl(self, *args: str) -> str:
        """What `rabbitmqctl ARGS` prints. Raises ProcessEnded if it fails. Takes seconds."""
        done = subprocess.run(
            [*self.rabbitmqctl, "--quiet", *args],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=READY_S,
        )
        if done.returncode != 0:
            raise ProcessEnded(f"rabbitmqctl {' '.join(args)}: {done.stderr or done.stdout}")
        return done.stdout

    def evaluate(self, expressions: str) -> str:
        """What Erlang expressions, ended by a dot, come to in the server. Takes milliseconds.

        Raises ProcessEnded if they fail, or if it does not answer.
        """
        # It takes the cookie from its home.
        call = ["erl_call", "-r", "-address", f"127.0.0.1:{self.dist_port}", "-timeout", "10", "-e"]
        done = subprocess.run(
            [*self._become, *call],
            env=self._environment(),
            cwd=self.home,
            input=expressions + "\n",
            capture_output=True,
            text=True,
            timeout=READY_S,
        )
        if done.returncode != 0 or not done.stdout.startswith("{ok, "):
            raise ProcessEnded(f"{self.name}: {expressions}: {done.stderr or done.stdout}")
        return done.stdout.removeprefix("{ok, ").removesuffix("}")

    def messages(self, queue: str = JOB_QUEUE, which: str = "messages_total") -> int:
        """How many a quorum queue holds at this moment; `rabbitmqctl` is some seconds late.

        which: `messages_total`; `messages_ready`; `messages_checked_out`, delivered and not acked.
        """
        return int(
            self.evaluate(
                f"{{ok, {{_, N}}, _}} = ra:leader_query({{'%2F_{queue}', node()}}, "
                f"fun rabbit_fifo:query_{which}/1), N."
            )
        )

    @property
    def _become(self) -> list[str]:
        return [*self._member.release.entrance, *wrapper(BROKER_USER)]

    @property
    def _process(self) -> Process:
        assert self._server is not None, "it was never started"
        return self._server

    def _takes_connections(self) -> bool:
        if not listens(self._process, self.port):
            return False
        with contextlib.suppress(pika.exceptions.AMQPConnectionError):
            pika.BlockingConnection(pika.URLParameters(self.url)).close()
            return True
        return False

    def _environment(self) -> dict[str, str]:
        home = self.home
        return plain_environment(home) | {
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self.epmd_port),
            "RABBITMQ_NODENAME": self._member.node,
            "RABBITMQ_DIST_PORT": str(self.dist_port),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            # Only Erlang's own format: reading the other one costs the server five seconds.
            "RABBITMQ_CONFIG_FILE": str(home / "none"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(home / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(home / "data"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_PID_FILE": str(home / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": " ".join(
                [_LOOPBACK_ERL_ARGS, "-noinput", self._member.erl_args]
            ),
            # Makes the start script exec the server: the process that we hold is the broker.
            "RABBITMQ_ALLOW_INPUT": "1",
        }

    def _write_config(self) -> None:
        settings = _SETTINGS | dict(self._member.settings)
        settings["tcp_listeners"] = f'[{{"127.0.0.1", {self.port}}}]'
        settings["load_definitions"] = f'"{self.home}/definitions.json"'
        if self._member.joins is not None:
            joins = f"'{self._member.joins}@localhost'"
            settings["cluster_nodes"] = f"{{[{joins}, '{self._member.node}'], disc}}"
        rabbit = ",\n  ".join(f"{{{key}, {value}}}" for key, value in settings.items())
        config = f"[{{rabbit, [{rabbit}]}},\n {{ra, [{{wal_max_size_bytes, 67108864}}]}}].\n"
        self._write("advanced.config", config)
        self._write("enabled_plugins", "[].\n")
        self._write("definitions.json", json.dumps(self._definitions()))
        self._write(".erlang.cookie", self._member.cookie, mode=0o400)

    def _definitions(self) -> dict[str, Any]:
        """User, vhost and policies, read by the server at its start: no rabbitmqctl is needed."""
        salt = secrets.token_bytes(4)
        digest = hashlib.sha256(salt + self._member.password.encode()).digest()
        policies: dict[str, Any] = json.loads(POLICIES.read_text())
        return policies | {
            "users": [
                {
                    "name": _USER,
                    "password_hash": base64.b64encode(salt + digest).decode(),
                    "hashing_algorithm": "rabbit_password_hashing_sha256",
                    "tags": "administrator",
                }
            ],
            "vhosts": [{"name": "/"}],
            "permissions": [
                {"user": _USER, "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}
            ],
        }

    def _write(self, name: str, text: str, mode: int = 0o600) -> None:
        path = self.home / name
        path.touch(mode=0o600)
        path.write_text(text)
        path.chmod(mode)
        if BROKER_USER is not None:
            shutil.chown(path, BROKER_USER, BROKER_USER)


def listens(process: Process, port: int) -> bool:
    """Whether somebody listens there. Raises ProcessEnded if it can no longer be the process."""
    process.check()
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def on_free_ports(start: Callable[[int], None], undo: Callable[[], None]) -> None:
    """Runs `start` with the number of the attempt, from 1 on: again after `undo` if it lost a port.

    Another process may take one between our look and the server's. Raises ProcessEnded.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            start(attempt)
            return
        except ProcessEnded as error:
            if attempt == _ATTEMPTS or not _lost_port(error):
                raise
            undo()


def _lost_port(error: ProcessEnded) -> bool:
    told = str(error).lower()
    return "eaddrinuse" in told or "address already in use" in told


def free_ports(count: int) -> list[int]:
    """Ports free at this moment, from below the range that the kernel gives to connections."""
    ports: list[int] = []
    while len(ports) < count:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            ports.append(port)
    return ports
