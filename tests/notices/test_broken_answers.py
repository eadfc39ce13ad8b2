"""Answers of Slack, or of something before it, that are not Slack's protocol."""

import pytest

from bot.notices.delivery import OPEN
from tests.support.outbox import KIND, House


@pytest.mark.parametrize(
    ("status", "body"), [(200, '{"ok": tr'), (502, ""), (503, "<html>Service Unavailable</html>")]
)
async def test_answer_that_is_no_json_may_hide_a_message_and_is_not_repeated_at_once(
    house: House, status: int, body: str
) -> None:
    await house.want()
    house.server.faults.inject("chat.postMessage", 1, {"status": status, "body": body})
    problem = await house.delivery().deliver(KIND, "s")
    assert problem is not None
    assert "Slack" in problem
    await house.delivery().run_due()
    assert house.posts() == 1

    house.clock.advance(OPEN)
    await house.delivery().run_due()
    assert house.shown == ["one"]


async def test_request_for_patience_is_heard_though_its_body_is_broken(house: House) -> None:
    await house.want()
    house.server.faults.inject(
        "chat.postMessage", 1, {"status": 429, "retry_after": 30, "body": "<html>slow down</html>"}
    )
    delivery = house.delivery()
    assert await delivery.deliver(KIND, "s") is not None
    house.clock.advance(OPEN / 3)
    await delivery.run_due()
    assert house.shown == []
    house.clock.advance(OPEN)
    await delivery.run_due()
    assert house.shown == ["one"]
