"""The simulated box fails on demand: by `inject`, and by the name of the user."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from bot.clock import MovableClock
from bot.sandbox.mailinabox import MailInABoxSimulator
from tests.support.box_api import BOB, CRASHED, PASSWORD, BoxApi, asked_box, small_box

ADD = "POST /mail/users/add"
NEW = {"email": "new@acme.example", "password": PASSWORD}


@pytest.fixture
async def api() -> AsyncIterator[BoxApi]:
    async with asked_box(small_box()) as api:
        yield api


async def test_injected_status_changes_nothing_and_passes(api: BoxApi) -> None:
    api.simulator.inject(ADD, 2, {"status": 502})
    for _ in range(2):
        failed = await api.post("/mail/users/add", NEW)
        assert failed.status_code == 502
        assert "502 Bad Gateway" in failed.text
    assert api.simulator.effective(ADD) == []
    assert (await api.post("/mail/users/add", NEW)).status_code == 200
    assert [call["status"] for call in api.simulator.calls] == [502, 502, 200]


async def test_injected_status_after_the_effect(api: BoxApi) -> None:
    api.simulator.inject(ADD, 1, {"status": 500, "after_effect": True})
    failed = await api.post("/mail/users/add", NEW)
    assert failed.status_code == 500
    assert CRASHED in failed.text
    assert NEW["email"] in api.box.users
    assert api.simulator.effective(ADD) == [NEW]


async def test_dropped_answer_leaves_the_effect(api: BoxApi) -> None:
    api.simulator.inject("*", 1, {"drop_response": True})
    with pytest.raises(httpx.RemoteProtocolError):
        await api.post("/mail/users/add", NEW)
    assert NEW["email"] in api.box.users


@pytest.mark.parametrize(
    ("path", "form", "said"),
    [
        ("/mail/users/add", NEW, "mail user added\n"),
        ("/mail/users/remove", {"email": BOB}, "mail user removed\n"),
        ("/mail/users/quota", {"email": BOB, "quota": "1G"}, "OK"),
    ],
)
async def test_silence_says_success_and_changes_nothing(
    api: BoxApi, path: str, form: dict[str, str], said: str
) -> None:
    before = await api.listed()
    api.simulator.inject(f"POST {path}", 1, {"silent_success": True})
    assert (await api.post(path, form)).text == said
    assert await api.listed() == before


async def test_injected_body_is_sent_as_it_is(api: BoxApi) -> None:
    api.simulator.inject("GET /mail/users", 1, {"body": '[{"domain": "acme.exa', "headers": {"X-Odd": "yes"}})
    answer = await api.get("/mail/users", params={"format": "json"})
    assert (answer.status_code, answer.text, answer.headers["X-Odd"]) == (200, '[{"domain": "acme.exa', "yes")
    api.simulator.inject("GET /mail/users", 1, {"body": {"a": 1}})
    assert (await api.get("/mail/users")).json() == {"a": 1}


@pytest.mark.parametrize(
    ("method", "fault"),
    [("createUser", {}), ("/mail/users", {}), ("POST /mail/users", {}), ("*", {"explode": True})],
)
def test_unknown_method_or_fault_is_refused(method: str, fault: dict[str, bool]) -> None:
    simulator = MailInABoxSimulator(small_box(), clock=MovableClock())
    with pytest.raises(ValueError, match="has"):
        simulator.inject(method, 1, fault)


@pytest.mark.parametrize(
    ("name", "status", "there"),
    [("refused", 400, False), ("silent", 200, False), ("error500", 500, False), ("halfdone", 500, True)],
)
async def test_some_names_ask_to_fail(api: BoxApi, name: str, status: int, there: bool) -> None:
    email = f"{name}.smith@acme.example"
    answer = await api.post("/mail/users/add", {"email": email, "password": PASSWORD})
    assert answer.status_code == status
    assert (email in api.box.users) is there


async def test_requests_at_the_same_time_are_counted(api: BoxApi) -> None:
    api.simulator.inject("GET /mail/users", 2, {"delay_seconds": 30})
    both = [asyncio.create_task(api.get("/mail/users")) for _ in range(2)]
    await api.simulator.asked("GET /mail/users", times=2)
    assert api.simulator.most_at_once == 2
    await api.simulator.stop()
    assert [answer.status_code for answer in await asyncio.gather(*both)] == [200, 200]


async def test_delay_ends_when_the_box_stops(api: BoxApi) -> None:
    api.simulator.inject(ADD, 1, {"delay_seconds": 600})
    waiting = asyncio.create_task(api.post("/mail/users/add", NEW))
    await api.simulator.asked(ADD)
    await api.simulator.stop()
    assert (await waiting).text.startswith("mail user added\n")
