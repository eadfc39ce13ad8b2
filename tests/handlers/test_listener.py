"""The wrapper of every listener, with Bolt, slack_sdk and a Slack on loopback that says no on demand."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.models.views import View

import handlers
from bot.clock import FrozenClock
from bot.errors import InvalidInput, OperatorError
from bot.model import ProviderKind, Role
from bot.notices import SlackPoster
from bot.services import Services, open_services
from bot.settings import (
    ChannelSettings,
    DatabaseSettings,
    OperatorSettings,
    PurelyMailSettings,
    Settings,
    SlackSettings,
    TimeSettings,
)
from handlers import blocks
from handlers.listening import OUT_OF_DATE, TOO_SLOW, listener
from handlers.live import Live
from handlers.notices import RENDERERS
from handlers.people import SlackPeople
from handlers.runner import ListenerRunner
from handlers.turn import Run, Turn
from tests.support.slack_api import TEAM, SlackApi, slack_api

SECRET = "correct horse battery staple"


@dataclass
class House:
    app: AsyncApp
    runner: ListenerRunner
    slack: SlackApi
    services: Services
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    def command(self, run: Run, *, need: Role = Role.ADMIN) -> None:
        self.app.command("/do")(listener(self.services, run, need=need, fresh=True))

    def submission(self, run: Run) -> None:
        self.app.view("form")(listener(self.services, run, need=Role.ADMIN, fresh=True))

    def action(self, run: Run) -> None:
        self.app.action("press")(listener(self.services, run, need=Role.ADMIN, fresh=True))

    async def dispatch(self, body: dict[str, Any], *, user: str = "U0ADA") -> BoltResponse:
        body = {"user": {"id": user, "team_id": TEAM}, "team": {"id": TEAM}, "trigger_id": "1.2"} | body
        answer = await self.app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=body))
        self.answered.set()
        await self.runner.settled()
        return answer

    async def types(self, *, user: str = "U0ADA") -> BoltResponse:
        body = {"command": "/do", "text": "", "user_id": user, "team_id": TEAM, "channel_id": "C0GENERAL"}
        return await self.dispatch(body, user=user)

    async def submits(self, *, user: str = "U0ADA") -> BoltResponse:
        return await self.dispatch({"type": "view_submission", "view": a_form()}, user=user)

    async def presses(self, *, action_id: str = "press", **where: Any) -> BoltResponse:
        action = {"action_id": action_id, "block_id": "b", "type": "button", "value": "x", "action_ts": "1.0"}
        return await self.dispatch({"type": "block_actions", "actions": [action]} | where)


def a_form() -> dict[str, Any]:
    return {
        "id": "V1",
        "hash": "h0",
        "type": "modal",
        "callback_id": "form",
        "private_metadata": "",
        "title": {"type": "plain_text", "text": "A form"},
        "blocks": [{"type": "input", "block_id": "password"}, {"type": "section", "block_id": "meter"}],
        "state": {"values": {"password": {"typed": {"type": "plain_text_input", "value": SECRET}}}},
    }


def a_window(text: str) -> View:
    return blocks.modal("Window", [blocks.words(text)], callback_id="window")


@pytest.fixture
async def house(tmp_path: Path, clock: FrozenClock) -> AsyncIterator[House]:
    async with slack_api() as (slack, client):
        settings = Settings(
            slack=SlackSettings(
                bot_token=SecretStr("xoxb-test"), app_token=SecretStr("xapp-test"), api_url=slack.url
            ),
            accounts=(
                PurelyMailSettings(
                    name="main",
                    provider=ProviderKind.PURELYMAIL,
                    api_token=SecretStr("pm-test"),
                    base_url=slack.url,
                ),
            ),
            operators=OperatorSettings(owners=("U0OLGA",), admins=("U0ADA",), viewers=("U0VIC",)),
            channels=ChannelSettings(deletions="C0MAILOPS", digest="C0DIGEST"),
            times=TimeSettings(timezone=ZoneInfo("Europe/Zurich")),
            database=DatabaseSettings(url=f"sqlite+aiosqlite:///{tmp_path / 'mailwarden.db'}"),
        )

        async def authorize() -> AuthorizeResult:
            return AuthorizeResult(
                enterprise_id=None, team_id=TEAM, bot_user_id="U0BOT", bot_id="B0BOT", bot_token="xoxb-test"
            )

        async with open_services(
            settings, clock=clock, people=SlackPeople(client), poster=SlackPoster(client), renderers=RENDERERS
        ) as services:
            app = AsyncApp(name="test", client=client, authorize=authorize)
            yield House(app, ListenerRunner.install(app), slack, services)


async def fails_after_ack(turn: Turn) -> None:
    await turn.ack()
    raise RuntimeError(f"a bug, while {SECRET[:4]} was in hand")


async def refuses(turn: Turn) -> None:
    await turn.ack()
    raise OperatorError("The <!channel> is closed.")


async def test_failure_after_ack_is_acked_logged_and_told_with_the_same_reference(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.command(fails_after_ack)
    answer = await house.types()
    assert answer.status == 200
    (told,) = house.slack.called("chat.postEphemeral")
    assert (told["channel"], told["user"]) == ("C0GENERAL", "U0ADA")
    mark = told["text"].split()[-1].rstrip(".")
    assert len(mark) == 8
    (record,) = [record for record in caplog.records if mark in record.getMessage()]
    assert record.exc_info is not None


async def test_failure_before_ack_of_a_command_is_the_answer_itself(house: House) -> None:
    async def fails(_turn: Turn) -> None:
        raise OperatorError("Not today.")

    house.command(fails)
    answer = await house.types()
    assert '"text": "Not today."' in answer.body
    assert '"response_type": "ephemeral"' in answer.body
    assert house.slack.called("chat.postEphemeral") == []


async def test_listener_that_forgets_to_ack_is_acked_for(house: House) -> None:
    async def forgets(_turn: Turn) -> None:
        return

    house.command(forgets)
    assert (await house.types()).status == 200


async def test_outside_text_in_an_error_pings_nobody(house: House) -> None:
    house.command(refuses)
    await house.types()
    (told,) = house.slack.called("chat.postEphemeral")
    assert told["text"] == "The &lt;!channel&gt; is closed."


@pytest.mark.parametrize("code", ["user_not_in_channel", "channel_not_found", "not_in_channel"])
async def test_person_who_is_not_in_the_channel_is_told_directly(house: House, code: str) -> None:
    house.slack.refusals["chat.postEphemeral"] = code
    house.command(refuses)
    await house.types()
    (told,) = house.slack.called("chat.postMessage")
    assert told["channel"] == "U0ADA"


async def test_error_that_names_an_input_is_shown_at_it(house: House) -> None:
    async def run(_turn: Turn) -> None:
        raise InvalidInput("Too weak, says <@U0OLGA>.", field="password")

    house.submission(run)
    answer = await house.submits()
    assert '"response_action": "errors"' in answer.body
    assert '{"password": "Too weak, says another operator."}' in answer.body


async def test_error_that_names_no_input_is_shown_in_the_window(house: House) -> None:
    async def run(_turn: Turn) -> None:
        raise InvalidInput("No such meter.", field="meter")

    house.submission(run)
    answer = await house.submits()
    assert '"response_action": "update"' in answer.body
    assert "No such meter." in answer.body


async def test_quick_work_is_the_answer_to_a_submission(house: House) -> None:
    async def work() -> View:
        return a_window("Done.")

    async def run(turn: Turn) -> None:
        await turn.carry_out(work(), working=a_window("Working"), lost="lost")

    house.submission(run)
    assert "Done." in (await house.submits()).body
    assert house.slack.called("views.update") == []


async def test_error_of_quick_work_is_shown_at_its_field(house: House) -> None:
    async def work() -> View:
        raise InvalidInput("Taken.", field="password")

    async def run(turn: Turn) -> None:
        await turn.carry_out(work(), working=a_window("Working"), lost="lost")

    house.submission(run)
    assert '{"password": "Taken."}' in (await house.submits()).body


def slow(house: House, error: OperatorError | None = None) -> Run:
    """Work that ends only after the submission was answered."""

    async def work() -> View:
        _ = await house.answered.wait()
        if error is not None:
            raise error
        return a_window("Done.")

    async def back(message: str) -> View:
        return a_window(f"The form again: {message}")

    async def run(turn: Turn) -> None:
        turn.recover = back
        turn.arrived -= 60  # as if the patience for quick work had run out
        await turn.carry_out(work(), working=a_window("Working"), lost="It was done.")

    return run


async def test_slow_work_shows_that_it_works_and_then_its_result(house: House) -> None:
    house.submission(slow(house))
    assert "Working" in (await house.submits()).body
    (update,) = house.slack.called("views.update")
    assert update["view"]["blocks"][0]["text"]["text"] == "Done."


async def test_result_for_a_closed_window_is_told(house: House) -> None:
    house.slack.refusals["views.update"] = "not_found"
    house.submission(slow(house))
    await house.submits()
    (told,) = house.slack.called("chat.postMessage")
    assert (told["channel"], told["text"]) == ("U0ADA", "It was done.")


async def test_failure_of_slow_work_shows_the_way_back(house: House) -> None:
    house.submission(slow(house, OperatorError("PurelyMail is down.")))
    assert "Working" in (await house.submits()).body
    (update,) = house.slack.called("views.update")
    assert update["view"]["blocks"][0]["text"]["text"] == "The form again: PurelyMail is down."


async def test_failure_of_a_button_in_a_window_keeps_the_window_with_the_problem_on_top(house: House) -> None:
    house.action(refuses)
    await house.presses(view=a_form())
    (update,) = house.slack.called("views.update")
    assert [block["block_id"] for block in update["view"]["blocks"]] == ["problem", "password", "meter"]


async def test_refused_person_gets_a_polite_answer_and_the_listener_does_not_run(house: House) -> None:
    ran = asyncio.Event()

    async def run(_turn: Turn) -> None:
        ran.set()

    house.command(run)
    house.submission(run)
    assert "you are not one of them" in (await house.types(user="U0EVE")).body
    assert "you are not one of them" in (await house.submits(user="U0EVE")).body
    assert "needs the role admin" in (await house.types(user="U0VIC")).body
    assert not ran.is_set()


async def test_guest_who_is_configured_is_refused(house: House) -> None:
    house.slack.strange["U0ADA"] = {"is_restricted": True}
    house.command(refuses)
    assert "Guest accounts" in (await house.types()).body


async def test_refusal_holds_while_slack_says_nothing_about_people(house: House) -> None:
    house.slack.refusals["users.info"] = "internal_error"
    house.command(refuses)
    assert "Slack did not say who you are" in (await house.types()).body


@pytest.mark.parametrize("code", ["expired_trigger_id", "exchanged_trigger_id"])
async def test_window_that_opens_too_late_is_explained(house: House, code: str) -> None:
    async def run(turn: Turn) -> None:
        await turn.ack()
        await turn.open(a_window("hello"))

    house.slack.refusals["views.open"] = code
    house.command(run)
    await house.types()
    (told,) = house.slack.called("chat.postEphemeral")
    assert told["text"] == TOO_SLOW


@pytest.mark.parametrize("run", [refuses, fails_after_ack])
async def test_person_who_closes_a_window_is_told_of_no_error(house: House, run: Run) -> None:
    house.app.view_closed("form")(listener(house.services, run, need=Role.ADMIN))
    answer = await house.dispatch({"type": "view_closed", "view": a_form(), "is_cleared": False})
    assert answer.status == 200
    assert {method for method, _ in house.slack.calls} == {"users.info"}


async def test_button_that_nobody_knows_any_more_says_so(house: House) -> None:
    handlers.register(house.app, house.services)
    answer = await house.presses(action_id="gone.long.ago", channel={"id": "C0GENERAL"})
    assert answer.status == 200
    (told,) = house.slack.called("chat.postEphemeral")
    assert told["text"] == OUT_OF_DATE


async def test_form_that_nobody_knows_any_more_says_so(house: House) -> None:
    handlers.register(house.app, house.services)
    assert OUT_OF_DATE in (await house.submits()).body


async def test_nothing_that_was_typed_is_logged(house: House, caplog: pytest.LogCaptureFixture) -> None:
    async def run(turn: Turn) -> None:
        assert turn.modal.text("password", "typed") == SECRET
        logging.getLogger(__name__).info("%r %r", turn, turn.modal)
        raise RuntimeError

    house.submission(run)
    await house.submits()
    assert caplog.records
    assert SECRET not in caplog.text


def typing(value: str, at: str, hash_: str = "h0") -> dict[str, Any]:
    action = {
        "action_id": "press",
        "block_id": "b",
        "type": "plain_text_input",
        "value": value,
        "action_ts": at,
    }
    return {"type": "block_actions", "actions": [action], "view": a_form() | {"hash": hash_}}


def follow(house: House) -> None:
    live = Live()

    async def run(turn: Turn) -> None:
        async def make() -> View:
            return a_window(turn.value)

        await turn.ack()
        await live.follow(turn, make)

    house.action(run)


async def test_quick_keys_with_the_same_hash_end_with_the_last_one(house: House) -> None:
    follow(house)
    await house.dispatch(typing("a", "1.1"))
    await house.dispatch(typing("ab", "1.2"))
    await house.dispatch(typing("old", "1.0"))
    shown = [call["view"]["blocks"][0]["text"]["text"] for call in house.slack.called("views.update")]
    assert shown == ["a", "ab"]
    assert house.slack.hashes["V1"] == 2


async def test_typing_that_arrives_late_does_not_overwrite_a_newer_view(house: House) -> None:
    follow(house)
    house.slack.hashes["V1"] = 7
    await house.dispatch(typing("late", "1.1"))
    assert house.slack.hashes["V1"] == 7
