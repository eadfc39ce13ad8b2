"""The outbox: what is wanted reaches the channel, at Slack's pace, in its newest state, once."""

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest

from bot.notices.delivery import LEASE, OPEN
from bot.storage import notices
from bot.storage.database import Database
from tests.support.outbox import KIND, House


async def test_first_delivery_posts_and_says_when_it_was_confirmed(house: House) -> None:
    await house.want()
    assert await house.delivery().deliver(KIND, "s") is None
    assert house.shown == ["one"]
    assert house.confirmed == [("s", "C1", house.clock.now())]


async def test_next_delivery_edits_the_same_message(house: House) -> None:
    await house.want()
    await house.delivery().run_due()
    house.word = "two"
    await house.want()
    await house.delivery().run_due()
    assert house.shown == ["two"]
    assert (house.posts(), len(house.confirmed)) == (1, 1)


async def test_burst_of_changes_is_one_message_in_its_newest_state(house: House) -> None:
    for word in ("one", "two", "three"):
        house.word = word
        await house.want()
    await house.delivery().run_due()
    assert house.shown == ["three"]
    assert house.server.calls == ["chat.postMessage"]


async def test_nothing_is_sent_while_nothing_has_changed(house: House) -> None:
    await house.want()
    await house.delivery().run_due()
    calls = len(house.server.calls)
    await house.delivery().run_due()
    assert len(house.server.calls) == calls


async def test_subject_with_nothing_to_say_any_more_is_not_posted(house: House) -> None:
    await house.want()
    house.word = None
    assert await house.delivery().deliver(KIND, "s") is None
    assert house.shown == []


async def test_slack_that_asks_for_patience_is_given_it(house: House) -> None:
    await house.want()
    house.server.faults.inject("chat.postMessage", 1, {"status": 429, "retry_after": 30})
    delivery = house.delivery()
    await delivery.run_due()
    house.clock.advance(timedelta(seconds=29))
    await delivery.run_due()
    assert house.posts() == 1
    house.clock.advance(timedelta(seconds=1))
    await delivery.run_due()
    assert house.shown == ["one"]


async def test_waits_grow_while_slack_is_down(house: House) -> None:
    await house.want()
    refusal = {"ok": False, "error": "team_added_to_org"}
    house.server.faults.inject("chat.postMessage", 3, {"body": refusal})
    delivery = house.delivery()
    tried_at = []
    for _ in range(60):
        before = house.posts()
        await delivery.run_due()
        if house.posts() > before:
            tried_at.append(house.clock.now())
        house.clock.advance(timedelta(seconds=1))
    waits = [(later - earlier).total_seconds() for earlier, later in pairwise(tried_at)]
    assert waits == [5.0, 10.0, 20.0]
    assert house.shown == ["one"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("not_in_channel", "/invite @mailwarden"),
        ("channel_not_found", "mailwarden.toml"),
        ("is_archived", "archived"),
        ("internal_error", "internal_error"),
    ],
)
async def test_refusal_is_told_with_what_to_do(house: House, code: str, said: str) -> None:
    await house.want()
    house.server.faults.inject("chat.postMessage", 1, {"body": {"ok": False, "error": code}})
    problem = await house.delivery().deliver(KIND, "s")
    assert problem is not None
    assert said in problem
    assert await house.delivery().problem(KIND, "s") == problem


async def test_two_workers_post_one_message(house: House) -> None:
    await house.want()
    house.server.faults.inject("chat.postMessage", 1, {"delay_seconds": 0.2})
    await asyncio.gather(house.delivery("a").run_due(), house.delivery("b").run_due())
    assert house.shown == ["one"]
    assert house.posts() == 1


async def test_worker_that_died_holding_a_notice_is_replaced_when_its_lease_has_run_out(
    house: House, database: Database
) -> None:
    await house.want()
    now = house.clock.now()
    async with database.transaction() as session:
        assert await notices.claim(
            session, KIND, "s", worker="dying", now=now, lease_until=now + LEASE, open_for=OPEN
        )
    await house.delivery("other").run_due()
    assert house.shown == []
    house.clock.advance(LEASE + OPEN)
    await house.delivery("other").run_due()
    assert house.shown == ["one"]


async def test_message_removed_by_hand_is_posted_anew(house: House) -> None:
    await house.want()
    await house.delivery().run_due()
    house.server.workspace.channels["C1"].messages.clear()
    house.word = "two"
    await house.want()
    await house.delivery().run_due()
    assert house.shown == ["two"]
    assert len(house.confirmed) == 2
