"""A post whose answer is lost is one message in the end: it is looked for before it is repeated."""

from datetime import timedelta
from typing import Any

import pytest

from bot.clock import FrozenClock
from bot.notices import Label
from bot.notices.delivery import LEASE, OPEN
from bot.storage import notices
from bot.storage.database import Database
from tests.support.outbox import KIND, House

LOST: list[dict[str, Any]] = [{"drop_response": True}]
NOT_DONE: list[dict[str, Any]] = [
    {"status": 503},
    {"body": {"ok": False, "error": "internal_error"}},
    {"body": {"ok": False, "error": "fatal_error"}},
]


async def lose(house: House, fault: dict[str, Any]) -> None:
    await house.want()
    house.server.faults.inject("chat.postMessage", 1, fault)
    assert await house.delivery().deliver(KIND, "s") is not None


async def test_message_that_slack_tells_of_is_adopted_and_brought_up_to_date(house: House) -> None:
    await lose(house, {"drop_response": True})
    house.word = "two"
    await house.want()
    await house.slack_tells_of(house.messages()[0])
    await house.delivery().run_due()
    assert house.shown == ["two"]
    assert house.posts() == 1
    assert house.confirmed == [("s", "C1", house.clock.now())]


@pytest.mark.parametrize("fault", LOST + NOT_DONE)
async def test_nothing_is_repeated_before_slack_has_had_time_to_tell(
    house: House, clock: FrozenClock, fault: dict[str, Any]
) -> None:
    await lose(house, fault)
    await house.want()
    clock.advance(OPEN - timedelta(seconds=1))
    await house.delivery().run_due()
    assert house.posts() == 1


@pytest.mark.parametrize("fault", NOT_DONE)
async def test_message_that_slack_never_tells_of_is_posted_again(
    house: House, clock: FrozenClock, fault: dict[str, Any]
) -> None:
    await lose(house, fault)
    clock.advance(OPEN)
    await house.delivery().run_due()
    assert house.shown == ["one"]


async def test_message_that_slack_tells_of_only_after_the_second_post_is_taken_away(
    house: House, clock: FrozenClock
) -> None:
    await lose(house, {"drop_response": True})
    clock.advance(OPEN)
    await house.delivery().run_due()
    first, second = house.messages()
    await house.slack_tells_of(second)
    await house.slack_tells_of(first)
    assert [message.ts for message in house.messages()] == [second.ts]
    house.word = "two"
    await house.want()
    await house.delivery().run_due()
    assert house.shown == ["two"]


async def test_worker_killed_after_the_post_leaves_one_message(
    house: House, clock: FrozenClock, database: Database
) -> None:
    """What it has posted stands there; nothing of that is recorded but the key."""
    await house.want()
    async with database.transaction() as session:
        claimed = await notices.claim(
            session,
            KIND,
            "s",
            worker="killed",
            now=clock.now(),
            lease_until=clock.now() + LEASE,
            open_for=OPEN,
        )
    assert claimed is not None
    payload = {"kind": KIND.value, "subject": "s", "key": claimed.post_key}
    house.server.workspace.post(
        house.server.workspace.channels["C1"],
        user="U0BOT",
        text="one",
        metadata={"event_type": "mailwarden_notice", "event_payload": payload},
    )
    await house.slack_tells_of(house.messages()[0])
    clock.advance(LEASE)
    await house.delivery().run_due()
    assert house.posts() == 0
    assert house.shown == ["one"]
    assert len(house.confirmed) == 1


async def test_message_of_an_ordinary_post_is_no_news(house: House) -> None:
    await house.want()
    await house.delivery().run_due()
    await house.slack_tells_of(house.messages()[0])
    await house.delivery().run_due()
    assert house.shown == ["one"]
    assert len(house.confirmed) == 1


@pytest.mark.parametrize("label", [Label(KIND.value, "s", "guessed"), Label("nonsense", "s", "x")])
async def test_label_that_was_made_up_adopts_nothing(house: House, label: Label) -> None:
    await lose(house, {"status": 503})
    await house.delivery().heard_of("C1", "1.2", label)
    await house.delivery().run_due()
    assert house.confirmed == []


async def test_refusal_that_is_certain_is_tried_again_without_waiting_for_news(
    house: House, clock: FrozenClock
) -> None:
    await lose(house, {"body": {"ok": False, "error": "team_added_to_org"}})
    clock.advance(timedelta(seconds=5))
    await house.delivery().run_due()
    assert house.shown == ["one"]
