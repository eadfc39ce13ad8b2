"""A DNS server that says what a test makes it say, right or wrong."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, cast

import dns.message
from typing_extensions import override

from bot.dns.exchange import Server

Address = tuple[str, int]
Replies = Callable[[bytes, Address], list[bytes]]


def right(data: bytes) -> bytes:
    """An answer to the question: an empty one."""
    return dns.message.make_response(dns.message.from_wire(data), recursion_available=True).to_wire()


class Scripted(asyncio.DatagramProtocol):
    """Answers each question with the datagrams that `replies` makes of it, and keeps who asked what.

    `over_tcp` is bound to the same port, for TCP; as long as nobody listens on it, connections are refused.
    """

    def __init__(self, over_tcp: socket.socket) -> None:
        self.over_tcp = over_tcp
        self.replies: Replies = lambda data, _: [right(data)]
        self.heard: list[tuple[bytes, Address]] = []
        self.came = asyncio.Event()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)
        self.server = Server(*transport.get_extra_info("sockname")[:2])

    @override
    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        self.heard.append((data, (addr[0], addr[1])))
        self.came.set()
        for reply in self.replies(data, (addr[0], addr[1])):
            self.transport.sendto(reply, addr)


@asynccontextmanager
async def scripted_dns() -> AsyncIterator[Scripted]:
    loop = asyncio.get_running_loop()
    for _ in range(20):  # the port that TCP gets may be taken for UDP
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as over_tcp:
            over_tcp.bind(("127.0.0.1", 0))
            try:
                transport, scripted = await loop.create_datagram_endpoint(
                    partial(Scripted, over_tcp), local_addr=over_tcp.getsockname()
                )
            except OSError:
                continue
            try:
                yield scripted
            finally:
                transport.close()
            return
    raise OSError("no port is free for both UDP and TCP")
