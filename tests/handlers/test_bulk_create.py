"""/mail-bulk-create: a list → what is wrong with it → created one by one, with the passwords in the window only."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.model import Operator, Role, RunState
from bot.sandbox.accounts import ACCOUNT, BOX
from bot.sandbox.run import Sandbox, open_sandbox
from bot.sandbox.slack.errors import PersonError
from bot.sandbox.slack.screen import Screen, text_of
from bot.sandbox.slack.workspace import View
from tests.conftest import NOW
from tests.support.held import a_domain, everything_said, later, opens, refused, somebody, users
from tests.support.systems import MailSystem, on_both, on_either


def shown(view: View) -> dict[str, str]:
    """The addresses and passwords that a window shows."""
    rows = [
        row
        for block in view.blocks
        if str(block["block_id"]).startswith("passwords_")
        for row in str(block["elements"][0]["elements"][0]["text"]).splitlines()
    ]
    return dict(row.split(",") for row in rows)


async def looked_through(screen: Screen, text: str) -> View:
    await opens(screen, "/mail-bulk-create")
    await screen.fill("list", text)
    await screen.submit()
    return await screen.view(lambda view: view.content["callback_id"] == "bulk_create.preview")


async def held(sandbox: Sandbox) -> dict[str, Any]:
    return {address: user["password"] for address, user in (await users(sandbox)).items()}


@on_either
async def test_list_is_created_and_the_passwords_that_are_shown_work(sandbox: Sandbox, ada: Screen) -> None:
    domain = await a_domain(sandbox)
    wanted = [f"{name}@{domain}" for name in ("una", "vito", "wanda")]
    preview = await looked_through(ada, "\n".join(wanted))
    await ada.sees("3 mail users", *wanted)
    assert preview.content["submit"]["text"] == "Create 3"
    assert not set(wanted) & set(await held(sandbox)), "nothing is created before it is asked for"
    await ada.submit()
    done = await ada.sees("Done.", "3 of 3 mail users are created.")
    assert shown(done) == {address: (await held(sandbox))[address] for address in wanted}
    said = everything_said(sandbox)
    assert not any(password in said for password in shown(done).values())


async def test_every_problem_is_marked_and_the_others_are_created(sandbox: Sandbox, ada: Screen) -> None:
    domain, there = await a_domain(sandbox), await somebody(sandbox)
    queued = await somebody(sandbox, 1)
    await opens(ada, "/mail-delete", queued)
    await ada.fill("reason", "has left us")
    await ada.submit()
    await ada.sees("is queued")
    await ada.close()
    before = await held(sandbox)
    lines = [
        f"una@{domain}",
        there,
        queued,
        f"UNA@{domain}",
        "anna@elsewhere.example",
        f"a..b@{domain}",
        "just a name@",
        f"vito@{domain}",
    ]
    await looked_through(ada, "\n".join(lines))
    await ada.sees(
        "6 lines are left out",
        "2 mail users",
        f":x: Line 2, `{there}`: It already exists.",
        f":x: Line 3, `{queued}`: The deletion of {queued} is queued",
        "Line 4",
        "It is in the list twice",
        "Line 5",
        "elsewhere.example is not a domain here",
        "Line 6",
        "Line 7",
    )
    await ada.submit()
    done = await ada.sees("Done.", "2 of 2 mail users are created.")
    assert set(shown(done)) == {f"una@{domain}", f"vito@{domain}"}
    assert set(await held(sandbox)) - set(before) == set(shown(done))


async def test_list_is_changed_with_the_names_of_its_columns_and_looked_through_again(
    sandbox: Sandbox, ada: Screen
) -> None:
    domain = await a_domain(sandbox)
    text = f"address,admin\nuna@{domain},no\nvito@nowhere.example,no"
    await looked_through(ada, text)
    await ada.press("Change the list")
    form = await ada.view(lambda view: view.content["callback_id"] == "bulk_create")
    assert text in text_of(form.content)
    await ada.fill("list", f"una@{domain}\nvito@{domain}")
    await ada.submit()
    await ada.sees("2 mail users")


@on_both
async def test_columns_say_account_quota_and_administrator(sandbox: Sandbox, ada: Screen) -> None:
    text = (
        "address;account;quota;admin\n"
        "una@riverside.example;box;5 GB;yes\n"
        "vito@acme-tools.example;main;;\n"
        "wanda@acme-tools.example;main;5 GB;\n"
        "xeno@acme-tools.example;box;;"
    )
    await looked_through(ada, text)
    await ada.sees(
        "2 mail users",
        "`una@riverside.example` (box): administrator, quota 5 GB",
        "PurelyMail has no quotas.",
        "acme-tools.example is not a domain of box.",
    )
    await ada.submit()
    await ada.sees("Done.", "2 of 2")
    (una,) = [u for u in (await sandbox.accounts[BOX].snapshot())["users"] if u["address"].startswith("una@")]
    assert una["privileges"] == ["admin"]
    assert una["quota"] in {"5G", "5120M"}
    assert any(
        u["address"] == "vito@acme-tools.example"
        for u in (await sandbox.accounts[ACCOUNT].snapshot())["users"]
    )


async def test_file_is_read_as_the_pasted_list_is(sandbox: Sandbox, ada: Screen) -> None:
    domain = await a_domain(sandbox)
    await opens(ada, "/mail-bulk-create")
    await ada.give("file", "people.csv", f"\ufeffaddress\r\nuna@{domain}\r\n".encode())
    await ada.submit()
    await ada.sees("1 mail user", f"una@{domain}")
    await ada.submit()
    done = await ada.sees("Done.")
    assert shown(done) == {f"una@{domain}": (await held(sandbox))[f"una@{domain}"]}


async def test_what_is_no_list_is_refused_at_its_field(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-bulk-create")
    with pytest.raises(PersonError, match="csv, txt, tsv"):
        await ada.give("file", "people.xlsx", b"PK")
    for content, why in (
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "is no text in UTF-8"),
        (b"a" * 200_001, "larger than 200 KB"),
        (b"", "nothing in the list"),
    ):
        await ada.give("file", "people.csv", content)
        await refused(ada, await ada.submit(), "file", why)
    await ada.give("file", "people.csv", b"una@elsewhere.example")
    await ada.fill("list", f"una@{await a_domain(sandbox)}")
    await refused(ada, await ada.submit(), "file", "Give a list or a file, not both.")


async def test_without_the_scope_there_is_no_file_field_and_the_list_works(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    lacking = frozenset({"files:read"})
    async with open_sandbox(data, page=False, gap=timedelta(0), start=NOW, lacking=lacking) as sandbox:
        ada = sandbox.screen("ada")
        form = await opens(ada, "/mail-bulk-create")
        assert "files:read" in text_of(form.content)
        assert [block["block_id"] for block in form.blocks if block["type"] == "input"] == ["list"]
        await ada.fill("list", f"una@{await a_domain(sandbox)}")
        await ada.submit()
        await ada.sees("1 mail user")


async def test_form_that_arrives_twice_creates_once(sandbox: Sandbox, ada: Screen) -> None:
    domain = await a_domain(sandbox)
    await looked_through(ada, f"una@{domain}\nvito@{domain}")
    sandbox.server.faults.inject("socket", 1, {"redeliver": True})
    await ada.submit()
    done = await ada.sees("Done.")
    await sandbox.settled()
    assert len(sandbox.purelymail.effective("createUser")) == 2
    assert shown(ada.windows[-1]) == shown(done)


async def test_closed_window_stops_it_and_the_command_goes_on(sandbox: Sandbox, ada: Screen) -> None:
    domain = await a_domain(sandbox)
    wanted = [f"{name}@{domain}" for name in ("una", "vito", "wanda")]
    await looked_through(ada, "\n".join(wanted))
    # What Slack answers about a window that is closed.
    sandbox.server.faults.inject("views.update", 2, {"body": {"ok": False, "error": "not_found"}})
    await ada.submit()
    await sandbox.bot.settled()
    await sandbox.settled()
    await ada.message("Your list of mail users stopped", "nobody is created twice", channel="D0ADA")
    await ada.close()
    await opens(ada, "/mail-bulk-create")
    await ada.sees("A list of yours stopped", "their passwords were not shown")
    await ada.submit()
    done = await ada.sees("Done.", "3 of 3")
    assert shown(done) == {address: (await held(sandbox))[address] for address in wanted}
    assert len(sandbox.purelymail.effective("createUser")) == 3
    await sandbox.settled()
    await ada.message("is done", channel="D0ADA")


async def test_mail_system_that_is_down_is_said_and_gone_on_with_later(
    sandbox: Sandbox, ada: Screen, mail: MailSystem
) -> None:
    domain = await a_domain(sandbox)
    await looked_through(ada, f"una@{domain}\nvito@{domain}")
    mail.fails("create", {"status": 503})
    await ada.submit()
    await ada.sees("It has stopped", "0 of 2")
    await ada.close()
    await later(sandbox, timedelta(minutes=10))
    await opens(ada, "/mail-bulk-create")
    await ada.sees("A list of yours stopped", "2 mail users to go")
    await ada.submit()
    await ada.sees("Done.", "2 of 2")


async def test_run_is_shown_as_under_way_in_another_window_without_its_passwords(
    sandbox: Sandbox, ada: Screen
) -> None:
    domain = await a_domain(sandbox)
    run = await sandbox.bot.services.bulk.draft(_operator("U0ADA"), f"una@{domain}")
    _ = await sandbox.bot.services.bulk.begin(_operator("U0ADA"), run.id)
    await opens(ada, "/mail-bulk-create")
    await ada.sees("is being created", "0 of 1")
    await ada.press("Another list")
    await ada.view(lambda view: view.content["callback_id"] == "bulk_create")


async def test_bot_that_died_tells_the_person_when_it_is_back(sandbox: Sandbox, ada: Screen) -> None:
    domain = await a_domain(sandbox)
    services = sandbox.bot.services
    run = await services.bulk.draft(_operator("U0ADA"), f"una@{domain}")
    _ = await services.bulk.begin(_operator("U0ADA"), run.id)
    await later(sandbox, timedelta(minutes=6))
    await ada.message(
        "Your list of mail users stopped: Mailwarden was stopped while it was at it.", channel="D0ADA"
    )
    await opens(ada, "/mail-bulk-create")
    await ada.press("Drop it")
    await ada.sees("Dropped. 0 of 1 mail user")
    assert (await services.bulk.get(_operator("U0ADA"), run.id)).state is RunState.DROPPED


async def test_viewer_creates_nobody(vic: Screen) -> None:
    await vic.command("/mail-bulk-create")
    await vic.told("You may look, and change nothing")


def _operator(slack_id: str) -> Operator:
    return Operator(slack_id, Role.ADMIN)
