"""Where the mail system says something else than DNS, it is asked to look again, and seldom."""

from collections.abc import AsyncIterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from bot.clock import FrozenClock
from bot.directory import Directory
from bot.dns import DnsHealth
from bot.dns.lookup import DnsResolver
from bot.dns.provider_view import ProviderView
from bot.model import Grade, ProviderVerdict, Subject
from bot.providers.purelymail import PurelyMail
from bot.sandbox.dns import DnsServer, verdict
from bot.sandbox.mail_data import OWNERSHIP_CODE
from bot.sandbox.purelymail import PurelyMailSimulator
from bot.storage.database import Database
from tests.conftest import NOW
from tests.support.dns_watch import a_watch

ACME = "acme-tools.example"
RECHECK = "updateDomainSettings"
NO = {"body": {"type": "error", "code": "internal", "message": "No."}}


@pytest.fixture
async def mail(clock: FrozenClock, server: DnsServer) -> AsyncIterator[PurelyMailSimulator]:
    async def look(domain: str) -> ProviderVerdict:
        return verdict(server, domain)

    simulator = PurelyMailSimulator(clock=clock, look=look)
    await simulator.start()
    yield simulator
    await simulator.stop()


@pytest.fixture
async def provider(mail: PurelyMailSimulator) -> AsyncIterator[PurelyMail]:
    client = PurelyMail("main", token=SecretStr(mail.credentials["api_token"]), base_url=mail.url)
    yield client
    await client.aclose()


@pytest.fixture
async def health(
    provider: PurelyMail, patient: DnsResolver, database: Database, clock: FrozenClock, server: DnsServer
) -> DnsHealth:
    directory = Directory(
        database=database,
        clock=clock,
        providers={"main": provider},
        refresh_at=NOW.time(),
        zone=ZoneInfo("UTC"),
    )
    await directory.refresh("main")
    view = ProviderView(database=database, providers={"main": provider}, refresh=directory.refresh_domains)
    other = DnsResolver((server.address,), in_flight=50)
    return a_watch(
        {"one": patient, "two": other}, database, clock, directory.domains, server=server, view=view
    )


def asked(mail: PurelyMailSimulator) -> list[str]:
    return [body["name"] for body in mail.effective(RECHECK)]


async def flag(health: DnsHealth) -> bool | None:
    (found,) = [one for one in await health.latest() if one.domain == ACME]
    return None if found.provider_verdict is None else found.provider_verdict.mx


async def test_nobody_is_asked_while_both_say_the_same(health: DnsHealth, mail: PurelyMailSimulator) -> None:
    await health.run_due()
    assert asked(mail) == []


async def test_mail_system_looks_again_where_dns_has_changed_and_its_new_word_is_shown(
    health: DnsHealth, mail: PurelyMailSimulator, server: DnsServer, clock: FrozenClock
) -> None:
    await health.run_due()
    server.remove(ACME, "MX")
    clock.advance(timedelta(hours=3))
    assert await flag(health) is True
    await health.run_due()
    assert asked(mail) == [ACME]
    assert await flag(health) is False


async def test_mail_system_that_goes_on_disagreeing_is_asked_less_and_less(
    health: DnsHealth, mail: PurelyMailSimulator, server: DnsServer, clock: FrozenClock
) -> None:
    await health.run_due()
    server.remove(ACME, "MX")
    mail.inject(RECHECK, 1000, {"silent_success": True})
    calls: list[int] = []
    for _ in range(3):
        before = len([call for call in mail.calls if call["operation"] == RECHECK])
        for _ in range(24):
            clock.advance(timedelta(hours=1))
            await health.run_due()
        calls.append(len([call for call in mail.calls if call["operation"] == RECHECK]) - before)
    assert calls[0] <= 8
    assert calls[2] <= 2
    (found,) = [one for one in await health.latest() if one.domain == ACME]
    assert (found.of(Subject.MX), await flag(health)) == (Grade.FAIL, True)


async def test_mail_system_that_fails_keeps_nobody_from_looking(
    health: DnsHealth, mail: PurelyMailSimulator, server: DnsServer, clock: FrozenClock
) -> None:
    await health.run_due()
    server.remove(ACME, "MX")
    mail.inject("*", 1000, NO)
    clock.advance(timedelta(hours=3))
    await health.run_due()
    (found,) = [one for one in await health.latest() if one.domain == ACME]
    assert found.of(Subject.MX) is Grade.FAIL


async def test_ownership_record_is_asked_for_once(
    provider: PurelyMail, mail: PurelyMailSimulator, database: Database
) -> None:
    async def refresh(_account: str) -> None:
        raise AssertionError

    view = ProviderView(database=database, providers={"main": provider}, refresh=refresh)
    mail.inject("getOwnershipCode", 1, NO)
    assert await view.ownership("main") is None
    assert await view.ownership("main") == OWNERSHIP_CODE
    assert await view.ownership("main") == OWNERSHIP_CODE
    assert len(mail.effective("getOwnershipCode")) == 1
