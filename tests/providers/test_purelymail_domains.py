"""Domains of a PurelyMail account: added when their owner has proven to be that, with two switches."""

from collections.abc import AsyncIterator

import pytest

from bot.clock import FrozenClock
from bot.errors import NotFound, ProviderConfused, ProviderError, ProviderRefused
from bot.providers.base import DomainSettings
from bot.providers.purelymail import PurelyMail
from bot.sandbox.purelymail import PurelyMailSimulator
from tests.providers.conftest import Waits, client_for

ACME = "acme-tools.example"
NEW = "new.example"


async def _everybody(_domain: str) -> bool:
    return True


@pytest.fixture
async def owned(clock: FrozenClock) -> AsyncIterator[PurelyMailSimulator]:
    """One that finds the ownership record wherever it looks."""
    simulator = PurelyMailSimulator(clock=clock, owned=_everybody)
    await simulator.start()
    yield simulator
    await simulator.stop()


async def test_domain_is_added_and_listed(owned: PurelyMailSimulator, waits: Waits) -> None:
    client = client_for(owned.url, owned.credentials["api_token"], waits)
    await client.add_domain(NEW)
    assert NEW in {domain.name for domain in await client.list_domains()}
    await client.aclose()


async def test_domain_without_its_record_is_refused_in_words(
    purelymail: PurelyMail, simulator: PurelyMailSimulator
) -> None:
    with pytest.raises(ProviderRefused, match="DNS ownership checks did not pass"):
        await purelymail.add_domain(NEW)
    assert NEW not in simulator.account.domains


async def test_adding_is_never_repeated_by_itself(
    purelymail: PurelyMail, simulator: PurelyMailSimulator
) -> None:
    simulator.inject("addDomain", 3, {"body": "<html>"})
    with pytest.raises(ProviderConfused) as told:
        await purelymail.add_domain(NEW)
    assert told.value.unclear
    assert len(simulator.calls) == 1


async def test_settings_are_set_and_read(purelymail: PurelyMail, simulator: PurelyMailSimulator) -> None:
    assert await purelymail.domain_settings(ACME) == DomainSettings(account_reset=True, subaddressing=True)
    wanted = DomainSettings(account_reset=False, subaddressing=True)
    await purelymail.set_domain_settings(ACME, wanted)
    assert await purelymail.domain_settings(ACME) == wanted
    assert not simulator.account.domains[ACME].allow_account_reset


async def test_settings_whose_answer_got_lost_are_not_set_again_and_a_recheck_is(
    purelymail: PurelyMail, simulator: PurelyMailSimulator
) -> None:
    simulator.inject("updateDomainSettings", 1, {"drop_response": True})
    with pytest.raises(ProviderError) as told:
        await purelymail.set_domain_settings(ACME, DomainSettings(account_reset=False, subaddressing=True))
    assert told.value.unclear
    assert not simulator.account.domains[ACME].allow_account_reset
    assert len(simulator.calls) == 1
    simulator.inject("updateDomainSettings", 1, {"status": 503})
    await purelymail.recheck_dns(ACME)
    assert len(simulator.calls) == 3


async def test_settings_of_a_domain_that_is_not_there(purelymail: PurelyMail) -> None:
    with pytest.raises(NotFound):
        await purelymail.domain_settings(NEW)
    with pytest.raises(ProviderRefused):
        await purelymail.set_domain_settings(NEW, DomainSettings(account_reset=True, subaddressing=True))


@pytest.mark.parametrize(
    "domains",
    [
        None,
        {},
        [ACME],
        [{"name": ACME}],
        [{"name": ACME, "allowAccountReset": "true", "symbolicSubaddressing": True}],
        [{"name": 5, "allowAccountReset": True, "symbolicSubaddressing": True}],
    ],
)
async def test_nonsense_is_taken_for_no_settings(
    purelymail: PurelyMail, simulator: PurelyMailSimulator, domains: object
) -> None:
    simulator.inject("listDomains", 1, {"body": {"type": "success", "result": {"domains": domains}}})
    with pytest.raises(ProviderConfused):
        await purelymail.domain_settings(ACME)
