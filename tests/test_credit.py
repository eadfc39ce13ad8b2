"""The credit of prepaid accounts: read every hour, told once when little is left, and once more when there is enough."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from bot.clock import Bell, FrozenClock
from bot.credit import Credits, ToldCredit, dollars, load
from bot.model import NoticeKind
from bot.notices import Rendered
from bot.providers.guarded import Guarded
from bot.providers.purelymail import PurelyMail
from bot.sandbox.purelymail import PurelyMailSimulator
from bot.storage import notices
from bot.storage.database import Database
from bot.storage.tables import low_credits
from handlers.credit import render_low_credit

HOUR = timedelta(hours=1)


class House:
    def __init__(
        self, simulator: PurelyMailSimulator, provider: Guarded, database: Database, clock: FrozenClock
    ) -> None:
        self.simulator = simulator
        self.provider = provider
        self.database = database
        self.clock = clock

    def replica(self, threshold: float = 5.0) -> Credits:
        return Credits(
            database=self.database,
            clock=self.clock,
            bell=Bell(),
            providers={"main": self.provider},
            thresholds={"main": threshold},
            channel="C1",
        )

    async def told(self) -> list[tuple[ToldCredit, int]]:
        """What there is to tell, and how often it was asked for."""
        async with self.database.reading() as session:
            rows = select(low_credits.c.id).order_by(low_credits.c.since)
            found = []
            for id_ in (await session.execute(rows)).scalars():
                value, notice = (
                    await load(session, id_),
                    await notices.get(session, NoticeKind.LOW_CREDIT, id_),
                )
                assert value is not None
                assert notice is not None
                assert notice.channel == "C1"
                found.append((value, notice.wanted))
            return found


@pytest.fixture
async def house(database: Database, clock: FrozenClock) -> AsyncIterator[House]:
    simulator = PurelyMailSimulator(clock=clock)
    await simulator.start()
    token = SecretStr(simulator.credentials["api_token"])
    provider = Guarded(PurelyMail("main", token=token, base_url=simulator.url), clock=clock)
    yield House(simulator, provider, database, clock)
    await provider.aclose()
    await simulator.stop()


async def test_it_is_read_and_kept_without_a_word_while_there_is_enough(house: House) -> None:
    service = house.replica()
    await service.run_due()
    (balance,) = await service.balances()
    assert balance.credit.amount == Decimal("19.1607")
    assert not balance.is_low
    assert await house.told() == []


async def test_it_is_read_once_an_hour_by_whoever_is_first(house: House) -> None:
    replicas = [house.replica(), house.replica()]
    for _ in range(3):
        for replica in replicas:
            await replica.run_due()
        house.clock.advance(HOUR / 2)
    assert len([call for call in house.simulator.calls if call["operation"] == "checkAccountCredit"]) == 2


async def test_little_is_told_once_and_again_only_after_there_was_enough(house: House) -> None:
    service = house.replica()
    for amount in ("4.9999999", "3.2", "0.01", "-1"):
        house.simulator.account.credit = amount
        await service.run_due()
        house.clock.advance(HOUR)
    ((told, wanted),) = await house.told()
    assert (told.low.amount, told.low.threshold, told.low.over_at, wanted) == (
        Decimal("4.9999"),
        Decimal("5.0"),
        None,
        1,
    )
    house.simulator.account.credit = "5"
    await service.run_due()
    ((told, wanted),) = await house.told()
    assert (told.low.over_at, wanted) == (house.clock.now(), 2)
    house.clock.advance(HOUR)
    house.simulator.account.credit = "4"
    await service.run_due()
    assert [told.low.over_at is None for told, _ in await house.told()] == [False, True]


async def test_two_replicas_tell_it_once(house: House) -> None:
    house.simulator.account.credit = "1"
    for replica in (house.replica(), house.replica()):
        _ = await replica.refresh(timedelta(0))
    assert [wanted for _, wanted in await house.told()] == [1]


async def test_without_a_threshold_nothing_is_little(house: House) -> None:
    house.simulator.account.credit = "-3"
    await house.replica(threshold=0).run_due()
    assert await house.told() == []


@pytest.mark.parametrize("credit", ["", "much", "NaN", "Infinity", "1E+40"])
async def test_an_answer_that_makes_no_sense_changes_nothing(house: House, credit: str) -> None:
    service = house.replica()
    await service.run_due()
    house.clock.advance(HOUR)
    house.simulator.account.credit = credit
    await service.run_due()
    (balance,) = await service.balances()
    assert balance.credit.amount == Decimal("19.1607")


async def test_the_message_says_what_is_left_and_later_that_there_is_enough(house: House) -> None:
    service = house.replica()
    house.simulator.account.credit = "4.329"
    await service.run_due()
    ((told, _),) = await house.told()
    low = render_low_credit(told, house.clock.now())
    assert isinstance(low, Rendered)
    assert "*main* has $4.32 of credit left, which is less than $5.00." in low.text
    house.clock.advance(HOUR)
    house.simulator.account.credit = "1234.5"
    await service.run_due()
    ((told, _),) = await house.told()
    enough = render_low_credit(told, house.clock.now())
    assert isinstance(enough, Rendered)
    assert "*main* has $1,234.50 of credit again" in enough.text
    assert enough.correction
    assert render_low_credit(None, house.clock.now()) is None


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("19.1699", "$19.16"), ("0", "$0.00"), ("-0.001", "-$0.01"), ("1234567.891", "$1,234,567.89")],
)
def test_dollars_are_never_more_than_there_are(amount: str, shown: str) -> None:
    assert dollars(Decimal(amount)) == shown
