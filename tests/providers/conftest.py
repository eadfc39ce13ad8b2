"""The real client against the real simulator, over HTTP."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from bot.clock import FrozenClock
from bot.providers.purelymail import PurelyMail
from bot.sandbox.purelymail import PurelyMailSimulator


class Waits:
    """Records the waits between tries instead of waiting."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
async def simulator(clock: FrozenClock) -> AsyncIterator[PurelyMailSimulator]:
    simulator = PurelyMailSimulator(clock=clock)
    await simulator.start()
    yield simulator
    await simulator.stop()


@pytest.fixture
async def purelymail(simulator: PurelyMailSimulator, waits: Waits) -> AsyncIterator[PurelyMail]:
    client = client_for(simulator.url, simulator.credentials["api_token"], waits)
    yield client
    await client.aclose()


def client_for(url: str, token: str, waits: Waits, *, timeout: float = 5.0) -> PurelyMail:
    return PurelyMail(
        "main", token=SecretStr(token), base_url=url, timeout=timeout, sleep=waits, jitter=lambda: 1.0
    )
