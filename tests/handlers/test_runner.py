import asyncio
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from handlers.runner import ListenerRunner


async def _authorize() -> AuthorizeResult:
    return AuthorizeResult(
        enterprise_id=None, team_id="T1", bot_user_id="U0BOT", bot_id="B0", bot_token="xoxb-1"
    )


def an_app() -> tuple[AsyncApp, ListenerRunner]:
    app = AsyncApp(name="test", authorize=_authorize)
    return app, ListenerRunner.install(app)


async def dispatch(app: AsyncApp, command: str = "/x") -> BoltResponse:
    body: dict[str, Any] = {"command": command, "user_id": "U1", "team_id": "T1", "trigger_id": "1"}
    return await app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=body))


async def test_listener_that_raises_right_after_its_ack_still_gets_it_delivered() -> None:
    app, runner = an_app()

    async def fails(ack: Any) -> None:
        await ack("done")
        raise RuntimeError("too late to matter")

    app.command("/x")(fails)
    answer = await dispatch(app)
    assert (answer.status, answer.body) == (200, "done")
    await runner.settled()


async def test_listener_that_raises_before_its_ack_is_answered_as_failed() -> None:
    app, _ = an_app()

    async def fails(ack: Any) -> None:
        del ack
        raise RuntimeError

    app.command("/x")(fails)
    assert (await dispatch(app)).status == 500


async def test_answer_leaves_while_the_listener_is_still_at_work() -> None:
    app, runner = an_app()
    go_on, done = asyncio.Event(), asyncio.Event()

    async def works(ack: Any) -> None:
        await ack("at once")
        _ = await go_on.wait()
        done.set()

    app.command("/x")(works)
    assert (await dispatch(app)).body == "at once"
    assert not done.is_set()
    go_on.set()
    await runner.settled()
    assert done.is_set()


async def test_first_ack_stands() -> None:
    app, _ = an_app()

    async def acks_twice(ack: Any) -> None:
        await ack("first")
        await ack("second")

    app.command("/x")(acks_twice)
    assert (await dispatch(app)).body == "first"


async def test_drain_waits_for_work_under_way() -> None:
    app, runner = an_app()
    go_on, done = asyncio.Event(), asyncio.Event()

    async def works(ack: Any) -> None:
        await ack()
        _ = await go_on.wait()
        done.set()

    app.command("/x")(works)
    await dispatch(app)
    draining = asyncio.create_task(runner.drain(60))
    await asyncio.sleep(0)
    go_on.set()
    assert await draining == 0
    assert done.is_set()


async def test_drain_cuts_what_does_not_end_in_time(caplog: pytest.LogCaptureFixture) -> None:
    app, runner = an_app()
    cut = asyncio.Event()

    async def hangs(ack: Any) -> None:
        await ack()
        try:
            await asyncio.Event().wait()
        finally:
            cut.set()

    app.command("/x")(hangs)
    await dispatch(app)
    assert await runner.drain(0) == 1
    assert cut.is_set()
    assert "was cut off" in caplog.text
