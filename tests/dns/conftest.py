"""A DNS server on loopback and the real resolver that asks it."""

from collections.abc import AsyncIterator

import pytest

from bot.dns.lookup import DnsResolver
from bot.sandbox.dns import DnsServer
from bot.sandbox.zones import sandbox_zones
from tests.support.scripted_dns import Scripted, scripted_dns


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
    async with scripted_dns() as scripted:
        yield scripted
