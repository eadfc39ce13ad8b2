"""A DNS server on loopback and the real resolver that asks it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.dns.lookup import DnsResolver
from bot.sandbox.dns import DnsServer
from bot.sandbox.zones import sandbox_zones
from tests.support.scripted_dns import Scripted


@pytest.fixture
async def server() -> AsyncIterator[DnsServer]:
    server = DnsServer(sandbox_zones())
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def resolver(server: DnsServer) -> DnsResolver:
    """Impatient, so that silence is short."""
    return DnsResolver((server.address,), in_flight=50, try_seconds=0.1, lifetime_seconds=0.25)


@pytest.fixture
def patient(server: DnsServer) -> DnsResolver:
    return DnsResolver((server.address,), in_flight=50)


@pytest.fixture
async def scripted() -> AsyncIterator[Scripted]:
    loop = asyncio.get_running_loop()
    transport, scripted = await loop.create_datagram_endpoint(Scripted, local_addr=("127.0.0.1", 0))
    yield scripted
    transport.close()
