"""Another machine, as far as Docker can see: an engine in a network of its own, and a cable."""

import os
import subprocess
import tempfile
from typing import Self

from stack import wait_until
from stack.docker import AS_ROOT, docker, run

_STARTED_S = 60
_STOPPED_S = 120
# Addresses of the net for trials, RFC 2544.
_OURS = "198.18.77.1"
_CABLE = f"""
ip netns add {{node}}
ip link add {{cable}} type veth peer eth0 netns {{node}}
ip address add {_OURS}/30 dev {{cable}}
ip link set {{cable}} up
exec nsenter --net=/run/netns/{{node}} sh -e <<END
ip address add 198.18.77.2/30 dev eth0
ip link set lo up
ip link set eth0 up
ip route add default via {_OURS}
sysctl --quiet --write net.ipv4.conf.all.route_localnet=1
iptables -t nat -A OUTPUT -p tcp -d 127.0.0.1 --dport 5000 -j DNAT --to {_OURS}
iptables -t nat -A POSTROUTING -s 127.0.0.1 -d {_OURS} -j MASQUERADE
END
"""


class SecondNode:
    """Its engine has a data folder, a host name and addresses of its own. A context manager.

    Nobody needs to serve the routing mesh, which makes the registry `localhost:5000` on each node
    and wants IPVS of the kernel: the node finds our port 5000 there by a rule of its own.
    """

    name = f"node-{os.getpid()}"
    our_address = _OURS
    """Where it finds the first node."""

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="oj-node-")
        self._cable = f"oj{os.getpid()}"
        self._inside = ("nsenter", f"--net=/run/netns/{self.name}")

    def docker(self, *argv: str) -> str:
        """The docker command, on that node."""
        return docker(f"--host=unix://{self._folder}/docker.sock", *argv)

    def cut(self) -> None:
        """Pulls the cable."""
        self._root("ip", "link", "set", self._cable, "down")

    def mend(self) -> None:
        self._root("ip", "link", "set", self._cable, "up")

    def __enter__(self) -> Self:
        self._lay_cable()
        self._engine = subprocess.Popen(
            [*AS_ROOT, *self._inside, "unshare", "--uts", "sh", "-c", self._start()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._answers, _STARTED_S, "the second engine answers")
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run([*AS_ROOT, "sh", "-c", f"kill $(cat {self._folder}/pid)"], check=False)
        try:
            self._engine.wait(_STOPPED_S)
        finally:
            self._root("ip", "link", "delete", self._cable)
            self._root("ip", "netns", "delete", self.name)
            self._root("rm", "-rf", self._folder)

    def _start(self) -> str:
        place = self._folder
        return (
            f"hostname {self.name} && exec dockerd --host=unix://{place}/docker.sock"
            f" --data-root={place}/data --exec-root={place}/exec --pidfile={place}/pid"
            f" >{place}/log 2>&1"
        )

    def _lay_cable(self) -> None:
        self._root("sh", "-ec", _CABLE.format(node=self.name, cable=self._cable))

    def _root(self, *argv: str) -> None:
        run(*AS_ROOT, *argv)

    def _answers(self) -> bool:
        if self._engine.poll() is not None:
            raise RuntimeError(run(*AS_ROOT, "tail", "-n", "20", f"{self._folder}/log"))
        asked = ["docker", f"--host=unix://{self._folder}/docker.sock", "info"]
        return not subprocess.run(asked, capture_output=True, check=False).returncode
