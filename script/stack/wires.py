"""The wires between the nodes of a cluster, in a process of its own: they can be cut.

Each node asks an epmd of its own where its peers are, and is told the port of a wire that leads
there. So all that two nodes say to each other passes here, without root and without a namespace.

Standard input is a socket: a line of JSON each way. First `{"nodes": {name: {"port": ...,
"epmd_port": ...}}}`; then `{"cut": [[name, name], ...], "silent": bool}`, the pairs that hear
nothing of each other from now on, all others do. Each is answered by `{}` once it is so. It ends
with that socket.
"""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

_CHUNK_BYTES = 256 * 1024
_ALIVE2, _PORT_PLEASE2, _NAMES = ord("x"), ord("z"), ord("n")
_ALIVE2_X, _PORT2 = ord("v"), ord("w")
_NODE = struct.Struct(">HBBHHH")  # port, type, protocol, highest and lowest version, name's length


@dataclass(slots=True)
class Pair:
    """What two nodes say to each other. `flows` is clear while they hear nothing."""

    flows: asyncio.Event = field(default_factory=asyncio.Event)
    refused: bool = False
    open: set[asyncio.StreamWriter] = field(default_factory=set)

    def cut(self, silent: bool) -> None:
        """Hears nothing more: of silence they learn by waiting, of a hang-up at once."""
        self.flows.clear()
        self.refused = not silent
        if not silent:
            for writer in self.open:
                writer.transport.abort()

    def mend(self) -> None:
        """What was held back arrives."""
        self.refused = False
        self.flows.set()


class Wires:
    """All wires: an epmd for each node, and a port for each ordered pair."""

    def __init__(self, nodes: dict[str, dict[str, int]]) -> None:
        self._ports = {name: node["port"] for name, node in nodes.items()}
        self._epmds = {name: node["epmd_port"] for name, node in nodes.items()}
        self._alive: dict[str, tuple[int, bytes]] = {}
        self._wires: dict[tuple[str, str], int] = {}
        self._pairs: dict[frozenset[str], Pair] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listens everywhere, with nothing cut."""
        for here in self._ports:
            for there in self._ports:
                if here == there:
                    continue
                self._pairs.setdefault(frozenset((here, there)), Pair()).mend()
                self._wires[here, there] = await self._listen(0, self._wire, here, there)
            await self._listen(self._epmds[here], self._epmd, here)

    async def _listen(self, port: int, serve: Any, *names: str) -> int:
        def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._run(_closing(writer, serve(reader, writer, *names)))

        server = await asyncio.start_server(accepted, "127.0.0.1", port)
        found: int = server.sockets[0].getsockname()[1]
        return found

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def cut(self, pairs: list[list[str]], silent: bool) -> None:
        """Those pairs and no others are cut."""
        wanted = {frozenset(pair) for pair in pairs}
        for names, pair in self._pairs.items():
            if names in wanted:
                pair.cut(silent)
            else:
                pair.mend()

    async def _wire(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, here: str, there: str
    ) -> None:
        pair = self._pairs[frozenset((here, there))]
        if pair.refused:
            return
        back, forth = await asyncio.open_connection("127.0.0.1", self._ports[there])
        pair.open |= {writer, forth}
        try:
            await asyncio.gather(_pump(reader, forth, pair), _pump(back, writer, pair))
        finally:
            pair.open -= {writer, forth}
            forth.close()

    async def _epmd(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, here: str
    ) -> None:
        (size,) = struct.unpack(">H", await reader.readexactly(2))
        request = await reader.readexactly(size)
        match request[0]:
            case kind if kind == _ALIVE2:
                await self._register(reader, writer, request)
            case kind if kind == _PORT_PLEASE2:
                writer.write(self._told(here, request[1:].decode()))
            case kind if kind == _NAMES:
                names = [f"name {name} at port {self._port(here, name)}\n" for name in self._alive]
                writer.write(struct.pack(">I", self._epmds[here]) + "".join(names).encode())

    async def _register(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
    ) -> None:
        """A node is alive for as long as it holds this connection."""
        port, *_, length = _NODE.unpack_from(request, 1)
        name = request[1 + _NODE.size :][:length].decode()
        if name in self._alive:
            writer.write(struct.pack(">BBI", _ALIVE2_X, 1, 99))
            return
        self._alive[name] = (port, request[1:])
        try:
            writer.write(struct.pack(">BBI", _ALIVE2_X, 0, 1))
            await reader.read()
        finally:
            del self._alive[name]

    def _told(self, here: str, name: str) -> bytes:
        if name not in self._alive:
            return struct.pack(">BB", _PORT2, 1)
        _, told = self._alive[name]
        return struct.pack(">BBH", _PORT2, 0, self._port(here, name)) + told[2:]

    def _port(self, here: str, name: str) -> int:
        return self._wires.get((here, name), self._alive[name][0])


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pair: Pair) -> None:
    try:
        while data := await reader.read(_CHUNK_BYTES):
            await pair.flows.wait()
            writer.write(data)
            await writer.drain()
    finally:
        await pair.flows.wait()
        writer.close()


async def _closing(writer: asyncio.StreamWriter, work: Coroutine[Any, Any, None]) -> None:
    with contextlib.suppress(OSError, EOFError):
        await work
    writer.close()


async def _serve() -> None:
    orders, answers = await asyncio.open_connection(sock=socket.socket(fileno=0))
    wires = Wires(json.loads(await orders.readline())["nodes"])
    await wires.open()
    while True:
        answers.write(b"{}\n")
        if not (line := await orders.readline()):
            return
        order = json.loads(line)
        wires.cut(order["cut"], order["silent"])


if __name__ == "__main__":
    asyncio.run(_serve())
