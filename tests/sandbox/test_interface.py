"""The JSON interface, as a script of somebody else would use it: over HTTP, by what its README says."""

import socket
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.sandbox.run import Sandbox, open_sandbox

NEW = "new.person@acme-tools.example"


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with open_sandbox(tmp_path / "data", page=True) as sandbox:
        yield sandbox


@pytest.fixture
async def http(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=sandbox.url, trust_env=False, timeout=30) as client:
        yield client


async def post(http: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    response = await http.post(f"/_sandbox/{path}", json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def state(http: httpx.AsyncClient) -> dict[str, Any]:
    answer: dict[str, Any] = (await http.get("/_sandbox/state")).json()
    return answer


async def mailbox(http: httpx.AsyncClient, address: str) -> dict[str, Any] | None:
    held = (await http.get("/_sandbox/mail/main")).json()
    return next((user for user in held["users"] if user["address"] == address), None)


async def top(http: httpx.AsyncClient, user: str) -> dict[str, Any]:
    views = [view for view in (await state(http))["views"] if view["user"] == user]
    return dict(views[-1])


async def test_state_has_the_shape_that_is_promised(http: httpx.AsyncClient) -> None:
    now = await state(http)
    assert set(now) == {"clock", "people", "accounts", "channels", "views", "homes"}
    assert datetime.fromisoformat(now["clock"]).tzinfo is not None
    assert {"id": "U0ADA", "name": "ada", "role": "admin"} in now["people"]
    (account,) = now["accounts"]
    assert account.keys() == {"name", "provider", "url", "credentials"}
    assert {channel["name"] for channel in now["channels"]} == {"mail-ops", "mail-digest", "general"}


async def test_accounts_can_be_talked_to_by_other_clients(http: httpx.AsyncClient) -> None:
    (account,) = (await state(http))["accounts"]
    async with httpx.AsyncClient(trust_env=False) as other:
        headers = {"Purelymail-Api-Token": account["credentials"]["api_token"]}
        answer = await other.post(f"{account['url']}/api/v0/listUser", json={}, headers=headers)
    assert len(answer.json()["result"]["users"]) == 60


async def test_user_is_created_deleted_and_gone_a_day_later(http: httpx.AsyncClient) -> None:
    await post(http, "command", user="ada", channel="mail-ops", command="/mail-create", text=NEW)
    form = await top(http, "U0ADA")
    assert await post(http, "submit", user="U0ADA", view_id=form["id"]) == {"response_action": "update"}
    held = await mailbox(http, NEW)
    assert held is not None
    assert held["password"] in str((await top(http, "U0ADA"))["blocks"])
    await post(http, "close", user="ada", view_id=form["id"])

    await post(http, "command", user="ada", channel="C0MAILOPS", command="/mail-delete", text=NEW)
    form = await top(http, "U0ADA")
    (reason,) = [block for block in form["blocks"] if block["type"] == "input"]
    where = {"block_id": reason["block_id"], "action_id": reason["element"]["action_id"]}
    await post(http, "input", user="ada", view_id=form["id"], value="left", **where)
    await post(http, "submit", user="ada", view_id=form["id"])
    (notice,) = (await state(http))["channels"][0]["messages"]
    assert NEW in notice["text"]
    assert await mailbox(http, NEW) is not None

    await post(http, "clock", advance_seconds=86_460)
    assert await mailbox(http, NEW) is None
    (notice,) = (await state(http))["channels"][0]["messages"]
    assert "deleted" in notice["text"].lower()
    calls = (await http.get("/_sandbox/mail/main")).json()["calls"]
    assert [call["operation"] for call in calls].count("deleteUser") == 1


async def test_field_errors_come_with_the_answer_and_with_the_state(http: httpx.AsyncClient) -> None:
    await post(http, "command", user="ada", channel="mail-ops", command="/mail-create", text=NEW)
    form = await top(http, "U0ADA")
    taken = {"view_id": form["id"], "block_id": "local_part", "value": "anna.keller"}
    (block,) = [block for block in form["blocks"] if block["block_id"] == "local_part"]
    await post(http, "input", user="ada", action_id=block["element"]["action_id"], **taken)
    answer = await post(http, "submit", user="ada", view_id=form["id"])
    assert answer["response_action"] == "errors"
    assert "local_part" in answer["errors"]
    assert (await top(http, "U0ADA"))["errors"] == answer["errors"]


async def test_options_are_the_ones_the_bot_offers(http: httpx.AsyncClient) -> None:
    await post(http, "command", user="ada", channel="mail-ops", command="/mail-password")
    form = await top(http, "U0ADA")
    (picker,) = [b for b in form["blocks"] if (b.get("element") or {}).get("type") == "external_select"]
    where = {
        "view_id": form["id"],
        "block_id": picker["block_id"],
        "action_id": picker["element"]["action_id"],
    }
    offered = (await post(http, "options", user="ada", query="keller", **where))["options"]
    assert "anna.keller@acme-tools.example" in str(offered)
    await post(http, "input", user="ada", value=offered[0]["value"], **where)
    chosen = (await top(http, "U0ADA"))["state"]["values"][where["block_id"]][where["action_id"]]
    assert chosen["selected_option"] == offered[0]


async def test_button_in_a_message_is_clicked_by_channel_and_ts(http: httpx.AsyncClient) -> None:
    await post(http, "command", user="ada", channel="mail-ops", command="/mail")
    message = (await state(http))["channels"][0]["messages"][-1]
    assert message["ephemeral_for"] == "U0ADA"
    actions = next(block for block in message["blocks"] if block["type"] == "actions")
    await post(
        http,
        "click",
        user="ada",
        channel="C0MAILOPS",
        ts=message["ts"],
        block_id=actions["block_id"],
        action_id=actions["elements"][0]["action_id"],
    )
    assert (await top(http, "U0ADA"))["title"] == "Create a mail user"


async def test_faults_reach_slack_and_the_mail_system(http: httpx.AsyncClient) -> None:
    fault = {"status": 503}
    await post(http, "faults", target="slack", method="views.open", times=1, fault=fault)
    await post(http, "command", user="ada", channel="mail-ops", command="/mail-create")
    assert (await state(http))["views"] == []
    await post(http, "faults", target="main", method="createUser", times=1, fault={"silent_success": True})
    await post(http, "command", user="ada", channel="mail-ops", command="/mail-create", text=NEW)
    await post(http, "submit", user="ada", view_id=(await top(http, "U0ADA"))["id"])
    assert "not listed" in str((await top(http, "U0ADA"))["blocks"])


async def test_faults_of_posting_can_be_set_one_by_one(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    token = sandbox.settings.slack.bot_token.get_secret_value()
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=sandbox.server.api_url, trust_env=False, headers=headers) as bot:

        async def say(text: str) -> httpx.Response:
            return await bot.post("chat.postMessage", json={"channel": "C0GENERAL", "text": text})

        target = {"target": "slack", "method": "chat.postMessage", "times": 1}
        await post(http, "faults", **target, fault={"drop_response": True})
        with pytest.raises(httpx.RemoteProtocolError):
            await say("kept")
        await post(http, "faults", **target, fault={"status": 429})
        limited = await say("lost")
        assert (limited.status_code, limited.headers["Retry-After"]) == (429, "1")
        await post(http, "faults", **target, fault={"status": 429, "retry_after": 30})
        assert (await say("lost")).headers["Retry-After"] == "30"
        await post(http, "faults", **target, fault={"delay_seconds": 0.01})
        assert (await say("late")).json()["ok"]
    messages = next(c for c in (await state(http))["channels"] if c["name"] == "general")["messages"]
    assert [message["text"] for message in messages] == ["kept", "late"]


async def test_reconnect_is_survived(http: httpx.AsyncClient) -> None:
    await post(http, "faults", target="slack", method="socket", times=1, fault={"reconnect": True})
    await post(http, "command", user="ada", channel="mail-ops", command="/mail-create")
    assert (await top(http, "U0ADA"))["title"] == "Create a mail user"


async def test_digest_is_there_when_the_clock_call_returns(http: httpx.AsyncClient) -> None:
    await post(http, "clock", advance_seconds=86_400)
    digest = next(c for c in (await state(http))["channels"] if c["name"] == "mail-digest")
    assert "oldbrand.example" in digest["messages"][0]["text"]


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("command", {"user": "nobody", "channel": "mail-ops", "command": "/mail"}, "no person"),
        ("command", {"user": "ada", "channel": "nowhere", "command": "/mail"}, "no channel"),
        ("command", {"user": "gus", "channel": "mail-ops", "command": "/mail"}, "not in #mail-ops"),
        ("command", {"user": "ada"}, "missing: channel, command"),
        ("submit", {"user": "ada", "view_id": "V1"}, "not open"),
        ("click", {"user": "ada", "block_id": "b", "action_id": "a"}, "needs view_id, or channel and ts"),
        ("clock", {"advance_seconds": -1}, "advance_seconds"),
        ("clock", {"advance_seconds": "soon"}, "advance_seconds"),
        ("faults", {"target": "main", "method": "nonsense", "fault": {"status": 500}}, "no operation"),
        ("faults", {"target": "slack", "method": "x", "fault": {"colour": 1}}, "a fault has the keys"),
        ("faults", {"target": "slack", "method": "x", "fault": {"retry_after": "soon"}}, "retry_after is"),
        ("faults", {"target": "mars", "method": "x", "fault": {}}, "no account"),
    ],
)
async def test_bad_requests_are_told_what_is_wrong(
    http: httpx.AsyncClient, path: str, body: dict[str, Any], said: str
) -> None:
    response = await http.post(f"/_sandbox/{path}", json=body)
    assert response.status_code == 400
    assert said in response.json()["error"]


@pytest.mark.parametrize("content", ["no json", "[]", ""])
async def test_body_that_is_no_object_is_refused(http: httpx.AsyncClient, content: str) -> None:
    response = await http.post("/_sandbox/clock", content=content)
    assert response.status_code == 400
    assert "JSON" in response.json()["error"]


async def test_page_of_another_site_can_not_drive_it(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    body = {"advance_seconds": 1}
    foreign = await http.post("/_sandbox/clock", json=body, headers={"Origin": "https://elsewhere.example"})
    assert foreign.status_code == 403
    own = await http.post("/_sandbox/clock", json=body, headers={"Origin": sandbox.url})
    assert own.status_code == 200


async def test_page_is_served_and_names_no_other_host(http: httpx.AsyncClient) -> None:
    page = await http.get("/")
    assert page.status_code == 200
    assert "http" not in page.text.replace("http-equiv", "")
    assert (await http.get("/page/app.js")).headers["content-type"].split(";")[0].endswith("/javascript")


def test_everything_listens_on_loopback_only(sandbox: Sandbox) -> None:
    addresses = [sandbox.url, sandbox.purelymail.url, f"http://{sandbox.dns.address}"]
    assert all(address.startswith("http://127.0.0.1:") for address in addresses)
    port = int(sandbox.url.rpartition(":")[2])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.2", port)) != 0  # another address of this machine
