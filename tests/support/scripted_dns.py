"""A DNS server that says what a test makes it say, right or wrong."""

import asyncio
from collections.abc import Callable
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
    """Answers each question with the datagrams that `replies` makes of it, and keeps who asked what."""

    def __init__(self) -> None:
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
