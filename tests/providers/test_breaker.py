"""A mail system that fails again and again is left alone for a while, and is found again by one call."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from pydantic import SecretStr

from bot.clock import FrozenClock
from bot.errors import NotFound, NotPossible, ProviderError, ProviderRefused, ProviderUnavailable
from bot.providers.base import MailProvider
from bot.providers.breaker import FAILURES, FIRST_PAUSE, LONGEST_PAUSE
from bot.providers.guarded import Guarded
from bot.providers.purelymail import PurelyMail
from bot.sandbox.purelymail import PurelyMailSimulator

PAGE = {"body": "<html>down for maintenance</html>"}


@pytest.fixture
async def simulator(clock: FrozenClock) -> AsyncIterator[PurelyMailSimulator]:
    simulator = PurelyMailSimulator(clock=clock)
    await simulator.start()
    yield simulator
    await simulator.stop()


@pytest.fixture
async def provider(simulator: PurelyMailSimulator, clock: FrozenClock) -> AsyncIterator[Guarded]:
    token = SecretStr(simulator.credentials["api_token"])
    provider = Guarded(PurelyMail("main", token=token, base_url=simulator.url), clock=clock)
    yield provider
    await provider.aclose()


async def fail(provider: Guarded, times: int) -> None:
    for _ in range(times):
        with pytest.raises(ProviderError):
            await provider.list_domains()


def test_every_call_is_guarded() -> None:
    calls = {
        name
        for name, member in vars(MailProvider).items()
        if not name.startswith("_") and (callable(member) or isinstance(member, property))
    }
    assert "list_users" in calls
    assert calls <= vars(Guarded).keys()


async def test_after_some_failures_in_a_row_nothing_is_asked_any_more(
    provider: Guarded, simulator: PurelyMailSimulator
) -> None:
    simulator.inject("listDomains", FAILURES, PAGE)
    await fail(provider, FAILURES)
    asked = len(simulator.calls)
    with pytest.raises(
        ProviderUnavailable, match=r"left alone for now\. .* makes no sense\. It is tried"
    ) as one:
        await provider.user_exists("anna.keller@acme-tools.example")
    assert not one.value.unclear
    assert len(simulator.calls) == asked


async def test_failures_with_answers_between_them_stop_nothing(
    provider: Guarded, simulator: PurelyMailSimulator
) -> None:
    for _ in range(2):
        simulator.inject("listDomains", FAILURES - 1, PAGE)
        await fail(provider, FAILURES - 1)
        assert await provider.list_users()
    assert provider.breaker.trouble is None


async def test_answers_that_say_no_are_answers(provider: Guarded, simulator: PurelyMailSimulator) -> None:
    simulator.inject("listDomains", FAILURES - 1, PAGE)
    await fail(provider, FAILURES - 1)
    with pytest.raises(NotFound):
        await provider.get_user("nobody@acme-tools.example")
    assert provider.breaker.trouble is None
    for _ in range(FAILURES):
        with pytest.raises((ProviderRefused, NotFound)):
            await provider.get_user("nobody@acme-tools.example")
    assert provider.breaker.trouble is None


async def test_what_is_known_without_asking_proves_nothing(
    provider: Guarded, simulator: PurelyMailSimulator
) -> None:
    simulator.inject("listDomains", 2 * FAILURES, PAGE)
    for _ in range(FAILURES):
        await fail(provider, 1)
        if provider.breaker.may_try:
            assert await provider.protected_users() == {}
            with pytest.raises(NotPossible):
                await provider.set_admin("anna.keller@acme-tools.example", admin=True)
    assert not provider.breaker.may_try


async def test_after_the_pause_one_call_finds_out_and_an_answer_ends_it(
    provider: Guarded, simulator: PurelyMailSimulator, clock: FrozenClock
) -> None:
    simulator.inject("listDomains", FAILURES, PAGE)
    await fail(provider, FAILURES)
    clock.advance(FIRST_PAUSE)
    assert await provider.list_domains()
    assert provider.breaker.trouble is None
    assert provider.breaker.answered_at == clock.now()
    simulator.inject("listDomains", FAILURES - 1, PAGE)
    await fail(provider, FAILURES - 1)
    assert provider.breaker.may_try


async def test_while_one_call_finds_out_no_other_is_made(
    provider: Guarded, simulator: PurelyMailSimulator, clock: FrozenClock
) -> None:
    simulator.inject("listDomains", FAILURES, PAGE)
    await fail(provider, FAILURES)
    clock.advance(FIRST_PAUSE)
    async with provider.breaker.watching():
        with pytest.raises(ProviderUnavailable, match="being tried again just now"):
            await provider.list_users()
    assert await provider.list_users()


async def test_pauses_grow_and_no_longer_than_that(
    provider: Guarded, simulator: PurelyMailSimulator, clock: FrozenClock
) -> None:
    began = clock.now()
    simulator.inject("listDomains", FAILURES + 6, PAGE)
    await fail(provider, FAILURES)
    pauses = []
    for _ in range(6):
        stopped = clock.now()
        while not provider.breaker.may_try:
            clock.advance(timedelta(seconds=1))
        pauses.append(clock.now() - stopped)
        await fail(provider, 1)
    assert pauses[:3] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert pauses[-2:] == [LONGEST_PAUSE] * 2
    assert provider.breaker.trouble is not None
    assert provider.breaker.trouble.since == began


async def test_call_that_is_given_up_leaves_the_next_one_to_find_out(
    provider: Guarded, simulator: PurelyMailSimulator, clock: FrozenClock
) -> None:
    simulator.inject("listDomains", FAILURES, PAGE)
    await fail(provider, FAILURES)
    clock.advance(FIRST_PAUSE)
    with pytest.raises(TimeoutError):
        async with provider.breaker.watching():
            raise TimeoutError
    assert provider.breaker.may_try
    assert await provider.list_users()
