"""A message whose answer was lost, and that has nothing to say by the time that Slack tells of it."""

from bot.clock import FrozenClock
from bot.notices.delivery import OPEN
from tests.support.outbox import KIND, House


async def lose(house: House) -> None:
    await house.want()
    house.server.faults.inject("chat.postMessage", 1, {"drop_response": True})
    assert await house.delivery().deliver(KIND, "s") is not None


async def test_message_is_adopted_though_nothing_is_left_to_say(house: House) -> None:
    await lose(house)
    house.word = None
    await house.want()
    await house.slack_tells_of(house.messages()[0])
    await house.delivery().run_due()
    assert house.confirmed == [("s", "C1", house.clock.now())]

    house.word = "it is over"
    await house.want()
    await house.delivery().run_due()
    assert house.shown == ["it is over"]


async def test_message_told_of_after_it_was_given_up_is_taken_away(house: House, clock: FrozenClock) -> None:
    await lose(house)
    house.word = None
    await house.want()
    clock.advance(OPEN)
    await house.delivery().run_due()
    await house.slack_tells_of(house.messages()[0])
    assert house.shown == []


async def test_message_that_may_still_be_adopted_is_not_taken_away_when_it_is_told_of_twice(
    house: House,
) -> None:
    await lose(house)
    await house.slack_tells_of(house.messages()[0])
    await house.slack_tells_of(house.messages()[0])
    await house.delivery().run_due()
    assert house.shown == ["one"]
    assert house.posts() == 1
