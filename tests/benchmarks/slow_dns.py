"""A DNS server far away: the sandbox's, with every answer held back and remembered, in a process of its own.

Remembered, it answers more than 20,000 questions a second, so that it is not what is measured.
"""

import asyncio
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from typing_extensions import override

from bot.sandbox.dns import HOST, DnsServer
from bot.sandbox.zones import ZoneData, healthy, sandbox_zones

MODULE = "tests.benchmarks.slow_dns"


def names(number: int) -> list[str]:
    return [f"m{index:04}.example" for index in range(number)]


def zones(number: int) -> ZoneData:
    data = sandbox_zones()
    for name in names(number):
        data |= healthy(name)
    return data


class SlowDns(asyncio.DatagramProtocol):
    """`held` seconds pass before each answer; over TCP as long again for the connection. `questions` counts them."""

    def __init__(self, number: int, held: float) -> None:
        self._server = DnsServer(zones(number))
        self._held = held
        self._known: dict[tuple[bytes, bool], bytes | None] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.questions = 0

    async def start(self) -> str:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(HOST, 0))
        port = transport.get_extra_info("sockname")[1]
        _ = await asyncio.start_server(self._serve_tcp, HOST, port)
        return f"{HOST}:{port}"

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    @override
    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        due = asyncio.get_running_loop().time() + self._held
        task = asyncio.create_task(self._reply(data, addr, due))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reply(self, data: bytes, addr: tuple[Any, ...], due: float) -> None:
        answer = await self._answer(data, over_udp=True)
        if answer is not None and self._transport is not None:
            asyncio.get_running_loop().call_at(due, self._transport.sendto, answer, addr)

    async def _serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self._held)
        try:
            while True:
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                answer = await self._answer(await reader.readexactly(length), over_udp=False)
                await asyncio.sleep(self._held)
                if answer is not None:
                    writer.write(struct.pack("!H", len(answer)) + answer)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, data: bytes, *, over_udp: bool) -> bytes | None:
        self.questions += 1
        key = data[2:], over_udp  # but for its number, which the answer repeats
        if key not in self._known:
            answer = await self._server.answer(data, over_udp=over_udp)
            self._known[key] = None if answer is None else answer[2:]
        known = self._known[key]
        return None if known is None else data[:2] + known


class Far:
    """The server as seen from here."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.address = self._said()

    def questions(self) -> int:
        """How many were asked since this was last called."""
        assert self._process.stdin is not None
        self._process.stdin.write("questions\n")
        self._process.stdin.flush()
        return int(self._said())

    def _said(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@contextmanager
def far_away(number: int, held: float) -> Iterator[Far]:
    """The server for so many domains, each answer held for so many seconds."""
    command = [sys.executable, "-m", MODULE, str(number), str(held)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Far(process)
        finally:
            process.kill()


async def _main(number: int, held: float) -> None:
    server = SlowDns(number, held)
    print(await server.start(), flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(server.questions, flush=True)
        server.questions = 0


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), float(sys.argv[2])))
