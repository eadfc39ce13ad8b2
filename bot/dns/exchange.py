"""Questions to a DNS server and its answers, over UDP, and over TCP where an answer is too long for it.

Questions that are open at the same time share a socket. An answer is taken if it comes from the server, to that socket,
with the random number of a question and the question itself (RFC 5452 section 9.1); all else is passed over. A socket
goes when nothing is open on it any more, and takes no more questions after a while, so that its port keeps changing.
"""

import asyncio
import contextlib
import secrets
import socket
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from bot.dns.wire import Question, UnusableError, is_answer, is_truncated

QUESTIONS = 100
SECONDS = 5.0
"""After so many questions, or so long, the next question gets a new socket."""

_LONGEST = 65535


class Server(NamedTuple):
    """`host` is an IP address."""

    host: str
    port: int = 53


class Exchange:
    """Who asks. Holds nothing open but for questions that wait for their answer, so that it need not be closed."""

    def __init__(self) -> None:
        self._sockets: dict[Server, _Socket] = {}

    async def ask(self, server: Server, question: Question, seconds: float) -> bytes:
        """The answer, unread: only that it is one to this question has been seen. `seconds` are for each of UDP and TCP.

        Raises TimeoutError; OSError if the server can't be reached; UnusableError for what is no answer, over TCP.
        """
        loop = asyncio.get_running_loop()
        shared = self._sockets.get(server)
        if shared is None or not shared.takes_more(loop):
            shared = self._sockets[server] = _Socket(server, loop)
        number, answer = shared.ask(question, seconds)
        try:
            data = await answer
        finally:
            shared.forget(number)
            if not shared.open and self._sockets.get(server) is shared:
                del self._sockets[server]
        return await _ask_over_tcp(server, question, seconds) if is_truncated(data) else data


@dataclass(frozen=True, slots=True)
class _Open:
    question: Question
    answer: "asyncio.Future[bytes]"
    limit: asyncio.TimerHandle


class _Socket:
    """One UDP socket, connected: the system drops what others send to it, and tells when the server can't be reached."""

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop) -> None:
        family, address = _address(server)
        self._loop = loop
        self._asked = 0
        self._until = loop.time() + SECONDS
        self._questions: dict[int, _Open] = {}
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.connect(address)
            loop.add_reader(self._socket, self._read)
        except BaseException:
            self._socket.close()
            raise
        self.open = True

    def takes_more(self, loop: asyncio.AbstractEventLoop) -> bool:
        return (
            self.open and loop is self._loop and self._asked < QUESTIONS and self._loop.time() < self._until
        )

    def ask(self, question: Question, seconds: float) -> "tuple[int, asyncio.Future[bytes]]":
        """Send it; the number that it got, and where its answer will be."""
        number = secrets.randbits(16)
        while number in self._questions:
            number = secrets.randbits(16)
        answer = self._loop.create_future()
        limit = self._loop.call_later(seconds, self._give_up, number)
        self._questions[number] = _Open(question, answer, limit)
        self._asked += 1
        try:
            self._socket.send(number.to_bytes(2) + question.rest)
        except BlockingIOError:
            pass  # as lost as one that is lost on its way
        except OSError as error:
            self._fail(error)
        return number, answer

    def forget(self, number: int) -> None:
        """Wait for that answer no longer."""
        asked = self._questions.pop(number, None)
        if asked is not None:
            asked.limit.cancel()
        if not self._questions and self.open:
            self.open = False
            self._loop.remove_reader(self._socket)
            self._socket.close()

    def _give_up(self, number: int) -> None:
        # Should the way to the server have changed, this socket may never learn of it.
        self._until = 0.0
        asked = self._questions.get(number)
        if asked is not None and not asked.answer.done():
            asked.answer.set_exception(TimeoutError())

    def _read(self) -> None:
        while True:
            try:
                data = self._socket.recv(_LONGEST)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                self._fail(error)
                return
            asked = self._questions.get(int.from_bytes(data[:2]))
            if asked is not None and not asked.answer.done() and is_answer(data, asked.question):
                asked.limit.cancel()
                asked.answer.set_result(data)

    def _fail(self, error: OSError) -> None:
        """What the system says of the way to the server goes for all that was sent there."""
        self._until = 0.0
        for asked in self._questions.values():
            if not asked.answer.done():
                asked.answer.set_exception(OSError(error.errno, error.strerror))


async def _ask_over_tcp(server: Server, question: Question, seconds: float) -> bytes:
    message = secrets.token_bytes(2) + question.rest
    async with asyncio.timeout(seconds):
        reader, writer = await asyncio.open_connection(server.host, server.port)
        try:
            writer.write(struct.pack("!H", len(message)) + message)
            (length,) = struct.unpack("!H", await reader.readexactly(2))
            data = await reader.readexactly(length)
        except asyncio.IncompleteReadError as error:
            raise ConnectionResetError("the connection ended before the answer") from error
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
    if data[:2] != message[:2] or not is_answer(data, question):
        raise UnusableError("no answer to the question")
    return data


@lru_cache(maxsize=1024)
def _address(server: Server) -> tuple[socket.AddressFamily, tuple[object, ...]]:
    """What a socket connects to. Raises OSError if the host is no IP address."""
    try:
        found = socket.getaddrinfo(
            server.host, server.port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST
        )
    except UnicodeError as error:
        raise OSError(f"{server.host} is no IP address") from error
    family, _, _, _, address = found[0]
    return family, address
