"""A RabbitMQ of our own: Debian's server, run directly, on 127.0.0.1 and free ports only."""

import base64
import contextlib
import hashlib
import json
import os
import random
import secrets
import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import pika

from stack.frontend import wait_until
from stack.paths import POLICIES
from stack.process import Process, ProcessEnded, plain_environment, wrapper
from stack.releases import SCRIPTS, Release, installed
from stack.rundir import RunFolder

_READY_S = 90.0
_STOP_S = 30.0
_ATTEMPTS = 3
_USER = "judge"
_LOOPBACK_ERL_ARGS = "-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}"


class PrivateBroker:
    """A broker with its own epmd, node, data folder, user and password. A context manager.

    It takes connections once it is made. `url` is valid until `close`, also across `restart`.
    As root it runs as the user rabbitmq. release: this machine's own, if none is named. settings:
    more of RabbitMQ's application `rabbit`, as Erlang terms by their names.
    """

    def __init__(
        self, *, release: Release | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        self._release = release or installed()
        self._settings = settings or {}
        self._password = secrets.token_urlsafe(18)
        self._user = "rabbitmq" if os.geteuid() == 0 else None
        self._folder = RunFolder()
        try:
            self._start_on_free_ports()
        except BaseException:
            self.close()
            raise

    def _start_on_free_ports(self) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            self._home = self._folder.make(f"rabbitmq-{attempt}", self._user)
            self.port, self._dist_port, self._epmd_port = _free_ports(3)
            self._write_config()
            try:
                self._start_epmd()
                self.start()
                return
            except ProcessEnded as error:
                # Another process may take a port between our look and the broker's.
                if attempt == _ATTEMPTS or "eaddrinuse" not in str(error).lower():
                    raise
                self._stop_processes()

    @property
    def url(self) -> str:
        """The AMQP URL of vhost "/" with the credentials of an administrator."""
        return f"amqp://{_USER}:{self._password}@127.0.0.1:{self.port}/%2F"

    @property
    def pid(self) -> int:
        return self._server.pid

    @property
    def running(self) -> bool:
        return self._server.running

    @property
    def log(self) -> Path:
        return self._server.log

    def check(self) -> None:
        """Raise ProcessEnded if it is no longer running."""
        self._server.check()

    def start(self) -> None:
        """Start the server with the data it had, and wait until it takes connections."""
        self._server = Process(
            "rabbitmq",
            [SCRIPTS / "rabbitmq-server"],
            folder=self._folder,
            env=self._environment(),
            cwd=self._home,
            user=self._user,
            entrance=self._release.entrance,
        )
        wait_until(self._takes_connections, _READY_S, "the broker takes connections")

    def stop(self) -> None:
        """Stop the server in good order; its data stay."""
        self._server.stop(_STOP_S)

    def kill(self) -> None:
        """End the server as a power cut would; its data stay."""
        self._server.kill()

    def restart(self) -> None:
        """Stop it and start it again on the same port, with the same data."""
        self.stop()
        self.start()

    @property
    def rabbitmqctl(self) -> list[str]:
        """The command that runs this broker's rabbitmqctl, to be followed by what it is to do."""
        settings = self._environment() | {"RABBITMQ_CTL_ERL_ARGS": _LOOPBACK_ERL_ARGS}
        variables = [f"{name}={value}" for name, value in settings.items()]
        environment = ["env", "--ignore-environment", f"--chdir={self._home}", *variables]
        become = [*self._release.entrance, *wrapper(self._user)]
        return [*environment, *become, str(SCRIPTS / "rabbitmqctl")]

    def ctl(self, *args: str) -> str:
        """What `rabbitmqctl ARGS` prints. Raises ProcessEnded if it fails. Takes seconds."""
        done = subprocess.run(
            [*self.rabbitmqctl, "--quiet", *args],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_READY_S,
        )
        if done.returncode != 0:
            raise ProcessEnded(f"rabbitmqctl {' '.join(args)}: {done.stderr or done.stdout}")
        return done.stdout

    def close(self) -> None:
        """End everything and remove the data."""
        self._stop_processes()
        self._folder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _stop_processes(self) -> None:
        # The data are thrown away with the folder, so nothing is gained by a slow, orderly stop.
        for name in ("_server", "_epmd"):
            if (process := getattr(self, name, None)) is not None:
                process.kill()

    def _start_epmd(self) -> None:
        # Started by us, in the foreground: one that the server starts would outlive it.
        self._epmd = Process(
            "epmd",
            ["epmd", "-address", "127.0.0.1", "-port", str(self._epmd_port)],
            folder=self._folder,
            env=plain_environment(self._home),
            cwd=self._home,
            user=self._user,
        )
        wait_until(lambda: self._listens(self._epmd, self._epmd_port), _READY_S, "epmd listens")

    def _takes_connections(self) -> bool:
        if not self._listens(self._server, self.port):
            return False
        pika.BlockingConnection(pika.URLParameters(self.url)).close()
        return True

    @staticmethod
    def _listens(process: Process, port: int) -> bool:
        process.check()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        return False

    def _environment(self) -> dict[str, str]:
        home = self._home
        return plain_environment(home) | {
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._epmd_port),
            "RABBITMQ_NODENAME": "oj@localhost",
            "RABBITMQ_DIST_PORT": str(self._dist_port),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            # Only Erlang's own format: reading the other one costs the server five seconds.
            "RABBITMQ_CONFIG_FILE": str(home / "none"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(home / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(home / "data"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_PID_FILE": str(home / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"{_LOOPBACK_ERL_ARGS} -noinput",
            # Makes the start script exec the server: the process that we hold is the broker.
            "RABBITMQ_ALLOW_INPUT": "1",
        }

    def _write_config(self) -> None:
        settings = {
            "tcp_listeners": f'[{{"127.0.0.1", {self.port}}}]',
            "load_definitions": f'"{self._home}/definitions.json"',
            "vm_memory_high_watermark": '{absolute, "1GiB"}',
            "disk_free_limit": '"50MB"',
            **self._settings,
        }
        rabbit = ",\n  ".join(f"{{{key}, {value}}}" for key, value in settings.items())
        config = f"[{{rabbit, [{rabbit}]}},\n {{ra, [{{wal_max_size_bytes, 67108864}}]}}].\n"
        self._write("advanced.config", config)
        self._write("enabled_plugins", "[].\n")
        self._write("definitions.json", json.dumps(self._definitions()))

    def _definitions(self) -> dict[str, Any]:
        """User, vhost, policies, read by the server at its start: no rabbitmqctl is needed."""
        salt = secrets.token_bytes(4)
        digest = hashlib.sha256(salt + self._password.encode()).digest()
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

    def _write(self, name: str, text: str) -> None:
        path = self._home / name
        path.touch(mode=0o600)
        path.write_text(text)
        if self._user is not None:
            shutil.chown(path, self._user, self._user)


def _free_ports(count: int) -> list[int]:
    """Ports free at this moment, from below the range that the kernel gives to connections."""
    ports: list[int] = []
    while len(ports) < count:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            ports.append(port)
    return ports
