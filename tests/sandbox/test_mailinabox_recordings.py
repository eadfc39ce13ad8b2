"""The simulator answers to the byte what a real box did."""

import asyncio
import base64
from collections.abc import AsyncIterator

import pytest

from bot.clock import FrozenClock
from bot.sandbox.mailinabox import BoxUser, Mailbox, MailInABoxSimulator, SimulatedBox
from tests.support.box_recordings import (
    ADMIN,
    API_KEY,
    HOSTNAME,
    IP,
    PASSWORD,
    SESSION,
    Exchange,
    exchanges,
)

RECORDED = exchanges()


def new_box() -> SimulatedBox:
    return SimulatedBox(HOSTNAME, IP, {ADMIN: BoxUser(ADMIN, PASSWORD, ["admin"])}, API_KEY)


def recorded_key(exchange: Exchange) -> str | None:
    """The key that a login was given."""
    key = b'"api_key": "'
    return exchange.body.split(key)[1][:64].decode() if key in exchange.body else None


async def asked(simulator: MailInABoxSimulator, exchange: Exchange) -> tuple[str, dict[str, str], bytes]:
    """The status line, the headers and the body, as they come over the wire."""
    host, port = simulator.url.removeprefix("http://").removesuffix("/admin").split(":")
    headers = dict(exchange.request_headers)
    if exchange.user is not None:
        headers["Authorization"] = f"Basic {base64.b64encode(exchange.user.encode()).decode()}"
    if exchange.form:
        headers["Content-Length"] = str(len(exchange.form))
    lines = [f"{exchange.method} {exchange.path} HTTP/1.1", f"Host: {host}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write("\r\n".join([*lines, "", ""]).encode() + exchange.form)
    await writer.drain()
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    status, *rest = head.decode().split("\r\n")
    return status, dict(line.split(": ", 1) for line in rest), body


@pytest.fixture
async def simulator(clock: FrozenClock) -> AsyncIterator[MailInABoxSimulator]:
    keys = iter([SESSION, *(key for exchange in RECORDED if (key := recorded_key(exchange)))])
    simulator = MailInABoxSimulator(new_box(), clock=clock, session_key=lambda: next(keys))
    await simulator.start()
    yield simulator
    await simulator.stop()


def test_there_are_all_of_the_recorded_exchanges() -> None:
    assert len(RECORDED) == 84
    assert {exchange.status for exchange in RECORDED} == {200, 400, 401, 403, 404, 405, 500}
    assert all(len(exchange.body) == int(exchange.headers["Content-Length"]) for exchange in RECORDED)


async def test_every_recorded_exchange_is_answered_as_it_was(simulator: MailInABoxSimulator) -> None:
    login = Exchange("", "POST", "/admin/login", f"{ADMIN}:{PASSWORD}", {}, b"", 200, "OK", {}, b"")
    assert SESSION.encode() in (await asked(simulator, login))[2]
    for exchange in RECORDED:
        if exchange.title == "list json: bob has a mailbox with maildirsize":
            simulator.box.mailboxes["bob@acme.example"] = Mailbox(20_000_000, 524_288_000)
        status, headers, body = await asked(simulator, exchange)
        assert status == f"HTTP/1.1 {exchange.status} {exchange.reason}", exchange.title
        assert body == exchange.body, exchange.title
        told = {
            name: value for name, value in headers.items() if name not in {"Server", "Date", "Connection"}
        }
        assert told == exchange.headers, exchange.title
