"""Fetching a policy from a real HTTPS server: what is taken, what definitely is not, and what says nothing."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from bot.dns.policy import PATH, Fetched, HttpsPolicies, NoPolicy, PolicyText, Unfetched

TLS = Path(__file__).parent / "tls"
HOST = "mta-sts.acme.example"
POLICY = "version: STSv1\r\nmode: enforce\r\nmx: mx.acme.example\r\nmax_age: 86400\r\n"

Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(reply: Reply, certificate: str = "good.pem") -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_get("/{path:.*}", reply)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(TLS / certificate)
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def fetch(port: int, host: str = HOST, *, seconds: float = 10.0, trusting: bool = True) -> Fetched:
    trusted = ssl.create_default_context(cafile=TLS / "ca.pem") if trusting else None
    async with HttpsPolicies(server=("127.0.0.1", port), trusted=trusted, seconds=seconds) as policies:
        return await policies.fetch(host)


def says(text: str = POLICY, *, status: int = 200, media: str = "text/plain") -> Reply:
    async def reply(_: web.Request) -> web.Response:
        return web.Response(text=text, status=status, content_type=media)

    return reply


async def test_the_policy_is_fetched_from_its_place_by_its_name() -> None:
    seen: list[tuple[str, str]] = []

    async def reply(request: web.Request) -> web.Response:
        seen.append((request.host, request.path))
        return web.Response(text=POLICY)

    async with serving(reply) as port:
        assert await fetch(port) == PolicyText(POLICY)
    assert seen == [(HOST, PATH)]


@pytest.mark.parametrize("status", [204, 403, 404, 410])
async def test_an_answer_other_than_200_is_definitely_no_policy(status: int) -> None:
    async with serving(says("" if status == 204 else POLICY, status=status)) as port:
        assert await fetch(port) == NoPolicy(f"{HOST} answered with HTTP {status}")


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_server_in_trouble_says_nothing_about_the_policy(status: int) -> None:
    async with serving(says(status=status)) as port:
        assert await fetch(port) == Unfetched(f"{HOST} answered with HTTP {status}")


async def test_redirects_are_not_followed() -> None:
    asked: list[str] = []

    async def reply(request: web.Request) -> web.Response:
        asked.append(request.path)
        raise web.HTTPFound("/elsewhere")

    async with serving(reply) as port:
        fetched = await fetch(port)
    assert fetched == NoPolicy(f"{HOST} answered with HTTP 302 (a redirect, which senders don't follow)")
    assert asked == [PATH]


async def test_a_page_is_no_policy() -> None:
    async with serving(says(media="text/html")) as port:
        assert await fetch(port) == NoPolicy(f"{HOST} sends it as text/html, not as text/plain")


@pytest.mark.parametrize(("size", "taken"), [(64 * 1024, True), (64 * 1024 + 1, False)])
async def test_what_is_longer_than_64_kb_is_not_read_to_its_end(size: int, taken: bool) -> None:
    async with serving(says("x" * size)) as port:
        assert isinstance(await fetch(port), PolicyText) is taken


async def test_an_endless_answer_ends_at_the_limit() -> None:
    async def reply(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        _ = await response.prepare(request)
        while True:
            await response.write(b"x" * 4096)

    async with serving(reply) as port:
        assert await fetch(port) == NoPolicy(f"what {HOST} sends is longer than 64 kB")


@pytest.mark.parametrize(
    ("certificate", "host", "trusting"),
    [("expired.pem", HOST, True), ("good.pem", "mta-sts.other.example", True), ("good.pem", HOST, False)],
)
async def test_a_certificate_that_is_expired_for_another_name_or_of_nobody_known_is_definitely_bad(
    certificate: str, host: str, trusting: bool
) -> None:
    async with serving(says(), certificate) as port:
        fetched = await fetch(port, host, trusting=trusting)
    assert isinstance(fetched, NoPolicy)
    assert fetched.why.startswith(f"the certificate of {host} is not good (")


async def test_silence_is_no_statement_about_the_policy() -> None:
    leave = asyncio.Event()

    async def reply(_request: web.Request) -> web.Response:
        _ = await leave.wait()
        return web.Response(text=POLICY)

    async with serving(reply) as port:
        assert await fetch(port, seconds=0.3) == Unfetched(f"{HOST} did not answer in time")
        leave.set()


async def test_a_port_where_nobody_listens_is_no_statement_about_the_policy() -> None:
    async with serving(says()) as port:
        pass
    assert await fetch(port) == Unfetched(f"no connection to {HOST} came about")


async def test_an_answer_that_is_no_http_is_no_statement_about_the_policy() -> None:
    async def garble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx.acme.example ESMTP\r\n")
        writer.close()

    server = await asyncio.start_server(garble, "127.0.0.1", 0)
    async with server:
        assert isinstance(await fetch(server.sockets[0].getsockname()[1]), Unfetched)


@pytest.mark.parametrize(
    "host", ["mta-sts.müller.example", "a b", "", "x" * 300, "mta-sts.\u2028.example", "mta..x"]
)
async def test_no_name_makes_fetching_raise(host: str) -> None:
    async with serving(says()) as port:
        assert isinstance(await fetch(port, host), NoPolicy | Unfetched)
