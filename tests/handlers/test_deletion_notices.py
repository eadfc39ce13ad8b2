"""Messages about deletions: each state, the nastiest content, the buttons exactly as long as they help."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.deletions import MOST, Trouble
from bot.model import CANCELLABLE_STATES, Deletion, DeletionState, Snapshot, Target, TargetKind
from bot.notices import Rendered
from bot.sandbox.slack.strict import message_problems
from handlers.deletion_notices import render_hold, render_reminder, render_request, render_trouble
from tests.support.nasty import ACCOUNT, ADDRESS, DOMAIN, MESSAGE, NOW, PING, a_deletion, mrkdwn, raw

STATES = list(DeletionState)


def request(*rows: Deletion) -> Rendered:
    message = render_request(rows, NOW)
    assert message is not None
    return message


def buttons(message: Rendered) -> list[str]:
    found: list[dict[str, Any]] = []
    for block in raw(message):
        found += [*block.get("elements", []), *filter(None, [block.get("accessory")])]
    return [element["text"]["text"] for element in found if element["type"] == "button"]


def harmless(message: Rendered) -> None:
    assert message_problems(raw(message)) == []
    assert PING not in mrkdwn(raw(message)) + message.text
    assert len(message.text) <= 4000


@pytest.mark.parametrize("state", STATES)
def test_slack_takes_the_notice_of_every_state(state: DeletionState) -> None:
    harmless(request(a_deletion(state)))


@pytest.mark.parametrize("state", STATES)
def test_slack_takes_the_notice_of_as_many_as_one_request_may_have(state: DeletionState) -> None:
    harmless(request(*(a_deletion(state, number) for number in range(MOST))))


@pytest.mark.parametrize("state", STATES)
def test_notice_can_be_cancelled_exactly_as_long_as_that_helps(state: DeletionState) -> None:
    expected = ["Cancel deletion"] if state in CANCELLABLE_STATES else []
    if state is DeletionState.FAILED:
        expected = ["Retry", "Drop"]
    assert buttons(request(a_deletion(state))) == expected


def test_failure_that_no_retry_can_mend_has_no_buttons() -> None:
    assert buttons(request(replace(a_deletion(DeletionState.FAILED), can_retry=False))) == []


def test_notice_says_who_what_why_and_when_in_each_readers_own_time() -> None:
    text = request(a_deletion(DeletionState.PENDING)).text
    due = int((NOW + timedelta(hours=23)).timestamp())
    assert "<@U0ADA> wants to delete" in text
    assert "*Reason*   &lt;!channel&gt;" in text
    assert f"<!date^{due}^" in text


def test_notice_of_a_domain_counts_and_names_what_goes_along() -> None:
    users = tuple(f"u{number}@acme.example" for number in range(12))
    row = replace(
        a_deletion(DeletionState.PENDING),
        target=Target(ACCOUNT, TargetKind.DOMAIN, "acme.example"),
        label="acme.example",
        snapshot=Snapshot(users, ("sales@acme.example → anna@acme.example",)),
    )
    text = request(row).text
    assert "*12 mail users*" in text
    assert "`u0@acme.example`" in text
    assert "and 2 more" in text
    assert "*1 routing rule*: `sales@acme.example → anna@acme.example`" in text


def test_slack_takes_the_notice_of_a_domain_with_a_thousand_users() -> None:
    row = replace(
        a_deletion(DeletionState.PENDING),
        target=Target(ACCOUNT, TargetKind.DOMAIN, DOMAIN),
        snapshot=Snapshot((ADDRESS,) * 1000, (f"{ADDRESS} → {ADDRESS}",) * 500),
    )
    harmless(request(row))


def test_notice_of_several_has_a_button_for_each_that_waits_and_one_for_all() -> None:
    message = request(
        a_deletion(DeletionState.PENDING, 1),
        a_deletion(DeletionState.CANCELLED, 2),
        a_deletion(DeletionState.PENDING, 3),
        a_deletion(DeletionState.FAILED, 4),
    )
    assert sorted(buttons(message)) == ["Cancel", "Cancel", "Cancel all"]
    assert "2 waiting, 1 cancelled, 1 failed of 4" in message.text


def test_notice_that_is_posted_anew_is_loud_and_an_ordinary_one_is_not() -> None:
    again = request(replace(a_deletion(DeletionState.PENDING), removals=1)).text
    assert "<!here>" in again
    assert "was removed" in again
    assert "<!here>" not in request(a_deletion(DeletionState.PENDING)).text


def test_outcome_of_what_was_once_removed_is_not_loud() -> None:
    assert "<!here>" not in request(replace(a_deletion(DeletionState.DELETED), removals=1)).text


@pytest.mark.parametrize("state", [DeletionState.CANCELLED, DeletionState.FAILED])
def test_what_ended_before_it_was_announced_is_not_announced(state: DeletionState) -> None:
    row = replace(a_deletion(state), notice_ts=None, noticed_at=None)
    assert render_request((row,), NOW) is None


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("number", [1, 3])
def test_slack_takes_the_reminder(state: DeletionState, number: int) -> None:
    rows = tuple(replace(a_deletion(state, n), reminded_at=NOW) for n in range(number))
    message = render_reminder(rows, NOW)
    if state is DeletionState.REQUESTED:
        assert message is None
        return
    assert message is not None
    harmless(message)
    assert message.thread_ts == "1234567890.000001"
    assert bool(buttons(message)) is (state is DeletionState.PENDING)


def test_nobody_is_reminded_of_what_no_reminder_was_written_for() -> None:
    assert render_reminder((a_deletion(DeletionState.PENDING),), NOW) is None


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("released_by", [None, "U0BEN"])
def test_slack_takes_the_hold(state: DeletionState, released_by: str | None) -> None:
    rows = tuple(replace(a_deletion(state, n), hold_id="h" * 32, released_by=released_by) for n in range(100))
    message = render_hold(rows, NOW)
    assert message is not None
    harmless(message)
    waits = released_by is None and state in CANCELLABLE_STATES
    assert buttons(message) == (["Release", "Cancel all"] if waits else [])


@pytest.mark.parametrize("problem", [None, MESSAGE])
@pytest.mark.parametrize("number", [1, 40])
@pytest.mark.parametrize("state", STATES)
def test_slack_takes_the_trouble(state: DeletionState, problem: str | None, number: int) -> None:
    rows = tuple(a_deletion(state, n) for n in range(number))
    message = render_trouble(Trouble(rows, problem), NOW)
    assert message is not None
    harmless(message)


def test_outcome_that_the_channel_can_not_show_is_told_elsewhere() -> None:
    message = render_trouble(Trouble((a_deletion(DeletionState.DELETED),), "It is archived."), NOW)
    assert message is not None
    assert "What became of the deletion" in message.text
    assert "It is archived." in message.text
    assert "Deleted" in message.text
