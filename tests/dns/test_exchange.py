"""Questions on the wire: which datagrams are taken for an answer, and how each way of getting none is told."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import dns.message
import pytest

from bot.dns.exchange import QUESTIONS, Exchange, Server
from bot.dns.lookup import DnsResolver, Records, Unanswered
from bot.dns.wire import RD, Question, question
from bot.sandbox.dns import DnsServer
from tests.support.scripted_dns import Address, Scripted, right

ACME = "acme-tools.example"
HOST = "127.0.0.1"
PATIENCE = 5.0


def about(name: str = ACME) -> Question:
    return question(name, "MX", RD)


async def heard(answer: Awaitable[bytes]) -> bytes:
    """The answer without the number of its question."""
    return (await answer)[2:]


def another_number(data: bytes) -> bytes:
    return bytes((data[0] ^ 1,)) + right(data)[1:]


def another_name(data: bytes) -> bytes:
    return right(data).replace(b"acme", b"evil")


def another_type(data: bytes) -> bytes:
    return right(data).replace(b"\x00\x0f\x00\x01", b"\x00\x10\x00\x01")


def the_question_itself(data: bytes) -> bytes:
    return data


def another_kind_of_message(data: bytes) -> bytes:
    return data[:2] + bytes((right(data)[2] | 0x20,)) + right(data)[3:]


def no_question(data: bytes) -> bytes:
    return data[:2] + b"\x81\x80" + bytes(8)


@pytest.mark.parametrize(
    "wrong",
    [
        another_number,
        another_name,
        another_type,
        the_question_itself,
        another_kind_of_message,
        no_question,
        lambda data: data[:11],
        lambda _: b"",
    ],
)
async def test_what_is_no_answer_to_the_question_is_passed_over(
    scripted: Scripted, wrong: Callable[[bytes], bytes]
) -> None:
    scripted.replies = lambda data, _: [wrong(data), right(data)]
    assert await heard(Exchange().ask(scripted.server, about(), PATIENCE)) == right(scripted.heard[0][0])[2:]
    scripted.replies = lambda data, _: [wrong(data)]
    with pytest.raises(TimeoutError):
        _ = await Exchange().ask(scripted.server, about(), 0.05)


async def test_what_comes_from_elsewhere_is_passed_over(scripted: Scripted) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
        elsewhere.bind((HOST, 0))

        def forge(data: bytes, asker: Address) -> list[bytes]:
            _ = elsewhere.sendto(data[:2] + b"\x81\x83" + right(data)[4:], asker)
            return [right(data)]

        scripted.replies = forge
        assert (await Exchange().ask(scripted.server, about(), PATIENCE))[3] & 0xF == 0


async def test_name_may_come_back_in_other_letters(scripted: Scripted) -> None:
    scripted.replies = lambda data, _: [right(data).replace(b"acme", b"aCMe")]
    assert b"aCMe" in await Exchange().ask(scripted.server, about("ACME-tools.example"), PATIENCE)


@pytest.mark.parametrize("rcode", [1, 2, 4, 5])
async def test_failure_may_come_back_without_the_question(scripted: Scripted, rcode: int) -> None:
    scripted.replies = lambda data, _: [data[:2] + bytes((0x81, 0x80 | rcode)) + bytes(8)]
    assert (await Exchange().ask(scripted.server, about(), PATIENCE))[3] & 0xF == rcode


async def test_answer_that_comes_too_late_is_not_taken_for_that_to_another_question(
    scripted: Scripted,
) -> None:
    exchange, late = Exchange(), list[tuple[bytes, Address]]()

    def hold_the_first(data: bytes, asker: Address) -> list[bytes]:
        late.append((right(data), asker))
        return []

    scripted.replies = hold_the_first
    # Another question keeps the socket open.
    other = asyncio.create_task(exchange.ask(scripted.server, about("other.example"), PATIENCE))
    with pytest.raises(TimeoutError):
        _ = await exchange.ask(scripted.server, about(), 0.05)
    for reply, asker in late:
        scripted.transport.sendto(reply, asker)
    assert b"other" in await other


async def test_questions_at_the_same_time_share_a_port_and_get_their_own_answers(scripted: Scripted) -> None:
    held: list[tuple[bytes, Address]] = []

    def backwards(data: bytes, asker: Address) -> list[bytes]:
        held.append((right(data), asker))
        return [reply for reply, _ in reversed(held)] if len(held) == 30 else []

    scripted.replies = backwards
    exchange, names = Exchange(), [f"n{number:02}.example" for number in range(30)]
    answers = await asyncio.gather(*(exchange.ask(scripted.server, about(name), PATIENCE) for name in names))
    for name, answer in zip(names, answers, strict=True):
        assert str(dns.message.from_wire(answer).question[0].name) == f"{name}."
    assert len({asker for _, asker in scripted.heard}) == 1
    assert len({data[:2] for data, _ in scripted.heard}) == 30


async def test_port_changes_from_one_question_to_the_next_and_after_so_many_at_once(
    scripted: Scripted,
) -> None:
    exchange = Exchange()
    for _ in range(5):
        _ = await exchange.ask(scripted.server, about(), PATIENCE)
    # The system may by chance give the same one again.
    assert len({asker for _, asker in scripted.heard}) > 1
    scripted.heard.clear()
    many = [exchange.ask(scripted.server, about(), PATIENCE) for _ in range(2 * QUESTIONS + 1)]
    _ = await asyncio.gather(*many)
    assert len({asker for _, asker in scripted.heard}) == 3


async def test_after_silence_the_question_comes_from_another_port(scripted: Scripted) -> None:
    scripted.replies = lambda _data, _asker: []
    exchange = Exchange()
    waiting = asyncio.create_task(exchange.ask(scripted.server, about("other.example"), PATIENCE))
    for _ in range(2):
        with pytest.raises(TimeoutError):
            _ = await exchange.ask(scripted.server, about(), 0.02)
    first, *_, last = (asker for _, asker in scripted.heard)
    assert first != last
    waiting.cancel()
    _ = await asyncio.gather(waiting, return_exceptions=True)


async def test_question_that_is_cancelled_leaves_the_others_alone(scripted: Scripted) -> None:
    scripted.replies = lambda _data, _asker: []
    exchange = Exchange()
    given_up = asyncio.create_task(exchange.ask(scripted.server, about(), PATIENCE))
    other = asyncio.create_task(exchange.ask(scripted.server, about("other.example"), PATIENCE))
    while len(scripted.heard) < 2:
        scripted.came.clear()
        _ = await scripted.came.wait()
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        _ = await given_up
    for data, asker in scripted.heard:
        scripted.transport.sendto(right(data), asker)
    assert b"other" in await other


async def test_port_where_nobody_listens_is_noticed_at_once_by_all_who_wait() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as once:
        once.bind((HOST, 0))
        server = Server(HOST, once.getsockname()[1])
    exchange = Exchange()
    asking = [exchange.ask(server, about(), PATIENCE) for _ in range(3)]
    for answer in await asyncio.gather(*asking, return_exceptions=True):
        assert isinstance(answer, ConnectionRefusedError)
    resolver = DnsResolver((f"{server.host}:{server.port}",), in_flight=5)
    assert await resolver.lookup(ACME, "MX") == Unanswered("no name server could be reached")


@pytest.mark.parametrize("host", ["", "dns.example", "ü" * 70, "2001:db8::g"])
async def test_what_is_no_address_can_not_be_reached(host: str) -> None:
    resolver = DnsResolver((host,), in_flight=5)
    assert await resolver.lookup(ACME, "MX") == Unanswered("no name server could be reached")


async def test_answer_that_is_cut_off_is_fetched_over_tcp_from_there(server: DnsServer) -> None:
    host, _, port = server.address.rpartition(":")
    server.set_records(ACME, "MX", [f"10 {'m' * 60}{number}.example." for number in range(40)])
    answer = await Exchange().ask(Server(host, int(port)), about(), PATIENCE)
    assert len(dns.message.from_wire(answer).answer[0]) == 40


def cut_off(data: bytes, _asker: Address) -> list[bytes]:
    whole = right(data)
    return [whole[:2] + bytes((whole[2] | 0x02,)) + whole[3:]]


@pytest.mark.parametrize("sent", [b"", b"\x00", b"\x00\x20only this", b"\x00\x0cno message"])
async def test_tcp_that_brings_no_answer_is_no_statement(scripted: Scripted, sent: bytes) -> None:
    async def bring(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _ = await reader.readexactly(2)
        writer.write(sent)
        writer.close()
        await writer.wait_closed()

    scripted.replies = cut_off
    server = await asyncio.start_server(bring, sock=scripted.over_tcp)
    resolver = DnsResolver((f"{HOST}:{scripted.server.port}",), in_flight=5)
    assert isinstance(await resolver.lookup(ACME, "MX"), Unanswered)
    server.close()


async def test_tcp_where_nobody_listens_is_no_statement(scripted: Scripted) -> None:
    scripted.replies = cut_off
    resolver = DnsResolver((f"{HOST}:{scripted.server.port}",), in_flight=5)
    assert await resolver.lookup(ACME, "MX") == Unanswered("no name server could be reached")


async def test_room_is_for_lookups_that_work_after_others_have_failed(
    scripted: Scripted, server: DnsServer
) -> None:
    scripted.replies = lambda _data, _asker: []
    room = asyncio.Semaphore(1)
    silent = DnsResolver(
        (f"{HOST}:{scripted.server.port}",), in_flight=room, try_seconds=0.02, lifetime_seconds=0.05
    )
    good = DnsResolver((server.address,), in_flight=room)
    for _ in range(3):
        assert isinstance(await silent.lookup(ACME, "MX"), Unanswered)
        assert isinstance(await good.lookup(ACME, "MX"), Records)
