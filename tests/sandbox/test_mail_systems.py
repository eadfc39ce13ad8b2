"""A sandbox with several mail accounts: each is there by its name, for scripts and on the page."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from bot.sandbox.accounts import BOX, Holdings, both_kinds
from bot.sandbox.mail_data import SimulatedAccount, SimulatedDomain, SimulatedUser, sandbox_account
from bot.sandbox.mailinabox import sandbox_box
from bot.sandbox.run import Sandbox, open_sandbox
from tests.support.box_api import PASSWORD

RUTH = "ruth.keel@riverside.example"
PIET = "piet.locks@riverside.example"
ADD = "POST /mail/users/add"


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with open_sandbox(tmp_path / "data", accounts=both_kinds(), gap=timedelta(0)) as sandbox:
        yield sandbox


@pytest.fixture
async def http(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=sandbox.url, trust_env=False, timeout=30) as client:
        yield client


async def held(http: httpx.AsyncClient, account: str) -> dict[str, Any]:
    answer: dict[str, Any] = (await http.get(f"/_sandbox/mail/{account}")).json()
    return answer


async def test_state_names_each_account_and_how_to_talk_to_it(http: httpx.AsyncClient) -> None:
    accounts = {one["name"]: one for one in (await http.get("/_sandbox/state")).json()["accounts"]}
    assert {name: one["provider"] for name, one in accounts.items()} == {
        "main": "purelymail",
        BOX: "mailinabox",
    }
    box = accounts[BOX]
    async with httpx.AsyncClient(trust_env=False) as other:
        credentials = (box["credentials"]["login"], box["credentials"]["password"])
        answer = await other.get(f"{box['url']}/mail/users", auth=credentials)
    assert RUTH in answer.text.split()


async def test_box_shows_what_it_really_holds(http: httpx.AsyncClient) -> None:
    box = await held(http, BOX)
    (ruth,) = [user for user in box["users"] if user["address"] == RUTH]
    assert ruth == {
        "address": RUTH,
        "password": "Old-000-password-of-ruth.keel",
        "privileges": ["admin"],
        "quota": "5G",
        "used": 1_288_490_189,
        "two_factor": True,
    }
    assert PIET in {user["address"] for user in box["archived"]}
    assert {call["operation"] for call in box["calls"]} >= {"GET /mail/users"}


async def test_faults_reach_the_account_that_they_are_for(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    fault = {"target": BOX, "method": ADD, "fault": {"status": 500, "after_effect": True}}
    assert (await http.post("/_sandbox/faults", json=fault)).status_code == 200
    async with httpx.AsyncClient(trust_env=False) as other:
        credentials = sandbox.box.credentials
        answer = await other.post(
            f"{sandbox.box.url}/mail/users/add",
            data={"email": PIET, "password": PASSWORD},
            auth=(credentials["login"], credentials["password"]),
        )
    assert answer.status_code == 500
    assert PIET in {user["address"] for user in (await held(http, BOX))["users"]}
    for wrong in ({"method": "createUser"}, {"fault": {"after_effect": 1}}):
        assert (await http.post("/_sandbox/faults", json={**fault, **wrong})).status_code == 400


async def test_two_accounts_of_one_kind_are_two(tmp_path: Path) -> None:
    domain, user = "second.example", "sue@second.example"
    verdict = next(iter(sandbox_account().domains.values())).verdict
    second = SimulatedAccount(
        users={user: SimulatedUser(user, PASSWORD)}, domains={domain: SimulatedDomain(domain, verdict)}
    )
    accounts: Holdings = {"main": sandbox_account(), "second": second, BOX: sandbox_box()}
    async with open_sandbox(tmp_path, accounts=accounts, page=False, gap=timedelta(0)) as sandbox:
        assert [account.name for account in sandbox.settings.accounts] == list(accounts)
        assert len({simulator.url for simulator in sandbox.accounts.values()}) == 3
        assert sandbox.purelymail is sandbox.accounts["main"]
        assert (await sandbox.bot.services.directory.find(user)).account == "second"


async def test_a_sandbox_without_a_system_says_that_there_is_none(tmp_path: Path) -> None:
    async with open_sandbox(tmp_path, accounts={BOX: sandbox_box()}, page=False, gap=timedelta(0)) as sandbox:
        assert sandbox.box is sandbox.accounts[BOX]
        with pytest.raises(LookupError, match="purelymail"):
            _ = sandbox.purelymail


@pytest.fixture
async def page(sandbox: Sandbox, browser: Browser) -> AsyncIterator[Page]:
    page = await browser.new_page()
    await page.goto(f"{sandbox.url}/#U0ADA/C0MAILOPS")
    yield page
    await page.close()


async def test_page_shows_what_each_mail_system_holds(sandbox: Sandbox, page: Page) -> None:
    await page.get_by_role("button", name="box · Mail-in-a-Box").click()
    users = page.get_by_role("table", name="Mail users")
    ruth = users.get_by_role("row").filter(has_text=RUTH)
    await expect(ruth.get_by_role("cell")).to_have_text(
        [RUTH, "Old-000-password-of-ruth.keel", "✓", "✓", "5G", "1.2 GB"]
    )
    await expect(page.get_by_role("table", name="Archived").get_by_role("cell", name=PIET)).to_be_visible()
    await expect(page.locator("#composer")).to_be_hidden()
    sandbox.box.box.users[RUTH].quota = "7G"
    sandbox.slack.touch()
    await expect(ruth).to_contain_text("7G")
    await page.get_by_role("button", name="main · PurelyMail").click()
    await expect(page.get_by_role("table", name="Routing rules")).to_contain_text(
        "sales-*@acme-tools.example"
    )
    await expect(users.get_by_role("columnheader")).to_have_text(["Address", "Password", "2FA"])
    await page.get_by_role("button", name="# mail-ops").click()
    await expect(page.locator("#composer")).to_be_visible()


async def test_address_of_a_mail_system_leads_there(sandbox: Sandbox, browser: Browser) -> None:
    page = await browser.new_page()
    await page.goto(f"{sandbox.url}/#U0ADA/mail-box")
    await expect(page.get_by_role("heading", level=1)).to_have_text("box · Mail-in-a-Box")
    await page.close()
