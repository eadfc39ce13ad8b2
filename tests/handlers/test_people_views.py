"""The windows and messages about operators, lists of mail users and shortcuts, at their extremes."""

import json
from dataclasses import replace
from typing import Any

import pytest
from slack_sdk.models.views import View

from bot.bulk import MOST, Progress
from bot.model import Grant, Line, LineState, MailUser, OperatorChange, Role, Run, RunState
from bot.operators import Roster
from bot.sandbox.slack.strict import message_problems, view_problems
from handlers import bulk_views, bulk_words, operator_notices, operators, shortcuts
from handlers.shortcuts import Found
from tests.support.nasty import ACCOUNT, ADDRESS, MESSAGE, NOW, PING, broken_entities, mrkdwn, raw

RIGHT_TO_LEFT = "\u202e\u05e9\u05dc\u05d5\u05dd@\u05d3\u05d5\u05d2\u05de\u05d4.example"
LONGEST = f"{'x' * 64}@{'d' * 63}.{'e' * 63}.{'f' * 61}.example"


def a_line(number: int, state: LineState, told: str = "") -> Line:
    address = (ADDRESS, LONGEST, RIGHT_TO_LEFT, "anna@xn--bcher-kva.example", "")[number % 5]
    source = address or f"{PING}&" * 60
    return Line(number, source[:400], ACCOUNT, address, admin=True, quota=2**40, state=state, told=told)


def a_run(size: int, state: RunState, *states: LineState, told: str = "") -> Run:
    lines = [a_line(number, states[number % len(states)], told) for number in range(1, size + 1)]
    return Run("r" * 32, "U0ADA", NOW, state, MESSAGE, None, lines)


def progress(run: Run) -> View:
    passwords = {line.number: "k7RmQ-" * 4 for line in run.lines if line.state is LineState.CREATED}
    return bulk_views.progress(Progress(run, passwords), several=True)


def a_roster(size: int, configured: int) -> Roster:
    ids = [f"{'S' if number % 3 else 'U'}{number:012}" for number in range(configured)]
    grants = [
        Grant(f"U{number:012}", Role.ADMIN, "U0OLGA", NOW) for number in range(min(size, operators.PER_PAGE))
    ]
    return Roster(dict.fromkeys(Role, ids), grants, size)


def found(size: int) -> Found:
    users = [MailUser(ACCOUNT, LONGEST if number % 2 else ADDRESS) for number in range(2 * size)]
    return Found(users, [ADDRESS, LONGEST][:size] * (size // 2 or 1), [RIGHT_TO_LEFT, LONGEST] * (size // 2))


C, W, F, R, G = LineState.CREATED, LineState.WAITING, LineState.FAILED, LineState.REFUSED, LineState.CREATING

VIEWS: dict[str, View] = {
    "form": bulk_views.form(files=True),
    "form, no files": bulk_views.form(files=False, source="x" * 3000, problem=MESSAGE),
    "form, too much": bulk_views.form(files=True, source="&" * 3001),
    "under way": bulk_views.under_way(a_run(MOST, RunState.RUNNING, C, W)),
    "change": operators.done(OperatorChange("c", NOW, "U0OLGA", "U0EVE", None, Role.OWNER)),
    "no operator": operators.done(OperatorChange("c", NOW, "U0OLGA", "U0EVE", Role.OWNER, None)),
}
for size in (0, 1, 100, MOST):
    told = MESSAGE if size > 1 else ""
    VIEWS |= {
        f"preview {size}": bulk_views.preview(a_run(size, RunState.DRAFT, W, R, told=told), several=True),
        f"all refused {size}": bulk_views.preview(a_run(size, RunState.DRAFT, R, told=MESSAGE), several=True),
        f"progress {size}": progress(a_run(size, RunState.RUNNING, C, F, W, told=told)),
        f"all created {size}": progress(a_run(size, RunState.ENDED, C, told=told)),
        f"stopped {size}": progress(a_run(size, RunState.PAUSED, C, told=told)),
        f"to go on with {size}": bulk_views.stopped(a_run(size, RunState.PAUSED, C, G, W), several=True),
    }
for size in (0, 1, 10, 10_000):
    for may_change in (True, False):
        VIEWS[f"operators {size} {may_change}"] = operators.window(
            a_roster(size, size), offset=0, may_change=may_change
        )
for size in (0, 1, shortcuts.SHOWN):
    VIEWS[f"found {size}"] = shortcuts.window(found(size), may_change=True, several=True)


@pytest.mark.parametrize("name", VIEWS)
def test_slack_takes_the_window_nothing_is_cut_in_two_and_nobody_is_pinged(name: str) -> None:
    view = json.loads(json.dumps(VIEWS[name].to_dict()))
    assert view_problems(view) == []
    assert broken_entities(view["blocks"]) == []
    assert PING not in mrkdwn(view["blocks"])


@pytest.mark.parametrize("size", [1, 100, MOST])
def test_every_password_is_in_the_window_and_whole(size: int) -> None:
    run = a_run(size, RunState.ENDED, C)
    rows = [row for block in progress(run).to_dict()["blocks"] for row in _rows(block)]
    assert rows == [f"{line.address},{'k7RmQ-' * 4}" for line in run.lines]


def test_every_problem_is_marked_however_many_there_are() -> None:
    def run(state: RunState, line_state: LineState, address: str) -> Run:
        line = replace(a_line(1, line_state, MESSAGE), address=address)
        lines = [replace(line, number=number) for number in range(1, MOST + 1)]
        return replace(a_run(0, state, line_state), lines=lines)

    for shown in (
        bulk_views.preview(run(RunState.DRAFT, R, f"{'&' * 390}@x.example"), several=True),
        bulk_views.preview(run(RunState.DRAFT, R, LONGEST), several=True),
        progress(run(RunState.ENDED, C, LONGEST)),
        progress(run(RunState.ENDED, F, LONGEST)),
    ):
        view = json.loads(json.dumps(shown.to_dict()))
        assert view_problems(view) == []
        assert all(f" Line {number}, " in mrkdwn(view["blocks"]) for number in range(1, MOST + 1))


@pytest.mark.parametrize("state", RunState)
def test_slack_takes_the_message_about_a_run_that_stopped(state: RunState) -> None:
    message = bulk_words.render_stop(a_run(MOST, state, C, W), NOW)
    assert message is not None
    assert message_problems(raw(message)) == []
    assert broken_entities(raw(message)) == []
    assert PING not in message.text + mrkdwn(raw(message))


@pytest.mark.parametrize("after", [None, *Role])
def test_slack_takes_the_message_about_a_change_of_operators(after: Role | None) -> None:
    change = OperatorChange("c", NOW, "U0OLGA", "U0EVE", None, after)
    message = operator_notices.render_change(change, NOW)
    assert message is not None
    assert message_problems(raw(message)) == []
    assert "<@U0EVE>" in message.text


def _rows(block: dict[str, Any]) -> list[str]:
    if not str(block.get("block_id")).startswith("passwords_"):
        return []
    return str(block["elements"][0]["elements"][0]["text"]).splitlines()
