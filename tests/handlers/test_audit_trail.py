"""/mail-audit: who did what, found again and taken along."""

import csv
import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.audit import Act, record
from bot.audit_trail import MOST, AuditExport, AuditPage
from bot.audit_verify import known_seal
from bot.sandbox.accounts import ACCOUNT
from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen, readable, text_of
from bot.sandbox.slack.strict import message_problems, view_problems
from bot.sandbox.slack.workspace import Message, View
from bot.storage import audit
from bot.storage.audit import AuditEntry
from bot.storage.database import Database
from bot.storage.seals import Seal
from handlers import blocks
from handlers.audit_query import KINDS, Query, acts_of
from handlers.audit_trail import PER_PAGE, accompanying, window
from handlers.audit_trail import Screen as Shown
from handlers.audit_words import WHAT
from tests.support.held import later, opens, somebody
from tests.support.nasty import ACCOUNT as NASTY_ACCOUNT
from tests.support.nasty import ADDRESS, MESSAGE, NOW, PING, broken_entities, mrkdwn

ANNA = "anna.keller@acme-tools.example"
URS = "urs.zbinden@lindenhof.example"


def database_of(sandbox: Sandbox) -> Database:
    return Database(sandbox.settings.database.url)


async def note(sandbox: Sandbox, *acts: tuple[str, Act, str], detail: str = "") -> None:
    """Put (who, what, to whom) on record."""
    database = database_of(sandbox)
    async with database.transaction() as session:
        for actor, act, target in acts:
            await record(
                session,
                at=sandbox.clock.now(),
                actor=actor,
                act=act,
                account=ACCOUNT,
                target=target,
                detail=detail,
            )
    await database.aclose()


def lines(view: View) -> list[str]:
    """The entries that are shown."""
    return [
        block["text"]["text"]
        for block in view.blocks
        if block["type"] == "section" and block["text"]["text"].startswith("<!date^")
    ]


def the_file(sandbox: Sandbox, name: str) -> tuple[Message, list[list[str]]]:
    """The message to that person that says what the file is, and the file's lines."""
    direct = sandbox.slack.channel_for_app(sandbox.slack.person(name).id)
    told, shared = direct.messages[-2:]
    file = sandbox.slack.files.shown(shared.files[0])
    assert file is not None
    assert file.content is not None
    assert file.name == "mailwarden-audit-2026-11-21.csv"
    return told, list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))


async def test_what_somebody_did_is_told_in_words(sandbox: Sandbox, ada: Screen, vic: Screen) -> None:
    address = await somebody(sandbox)
    _ = await opens(ada, "/mail-delete", address)
    await ada.fill("reason", "left us")
    await ada.submit()
    await ada.sees("is queued")
    await vic.command("/mail-audit")
    view = await vic.sees(f"<@U0ADA> asked to delete `{address}`: left us", "the newest first.")
    assert "The newest seal is `" in text_of(view.content)


async def test_it_is_found_by_user_domain_operator_and_time(sandbox: Sandbox, ada: Screen) -> None:
    await note(sandbox, ("U0BEN", Act.CREATED, ANNA), ("U0BEN", Act.CREATED, URS))
    await later(sandbox, timedelta(days=3))
    await note(sandbox, ("U0ADA", Act.PASSWORD_SET, ANNA), ("U0ADA", Act.DNS_MUTED, "lindenhof.example"))
    for asked, found in {
        ANNA: [("U0ADA", "set a new password", ANNA), ("U0BEN", "created", ANNA)],
        "lindenhof.example": [
            ("U0ADA", "muted DNS messages about", "lindenhof.example"),
            ("U0BEN", "created", URS),
        ],
        "@ben": [("U0BEN", "created", URS), ("U0BEN", "created", ANNA)],
        f"@ben {ANNA}": [("U0BEN", "created", ANNA)],
        f"{ANNA} 24h": [("U0ADA", "set a new password", ANNA)],
        f"{ANNA} since 2026-11-24": [("U0ADA", "set a new password", ANNA)],
        f"{ANNA} 7d": [("U0ADA", "set a new password", ANNA), ("U0BEN", "created", ANNA)],
    }.items():
        _ = await opens(ada, "/mail-audit", asked)
        shown = lines(await ada.sees(f"{len(found)} of 4 entries:"))
        assert len(shown) == len(found), asked
        for line, parts in zip(shown, found, strict=True):
            assert all(part in line for part in parts), (asked, line)
        await ada.close()


async def test_the_choices_in_the_window_narrow_it_down(sandbox: Sandbox, ada: Screen) -> None:
    await note(
        sandbox, ("U0BEN", Act.CREATED, ANNA), ("U0ADA", Act.CREATED, URS), ("U0ADA", Act.CREATED, ANNA)
    )
    _ = await opens(ada, "/mail-audit")
    await ada.sees("3 entries, the newest first.")
    await ada.fill("target", ANNA, enter=True)
    await ada.sees("2 of 3 entries:")
    await ada.fill("actor", "U0BEN")
    await ada.sees("1 of 3 entries:", f"about `{ANNA}` by <@U0BEN>")
    await ada.fill("since", "2026-11-22")
    await ada.sees(f"No entry about `{ANNA}` by <@U0BEN> since 2026-11-22, of 3 in all.")
    await ada.fill("target", "")
    await ada.fill("since", None)
    await ada.submit()
    await ada.sees("1 of 3 entries: by <@U0BEN>")


async def test_the_kind_of_act_narrows_it_down(sandbox: Sandbox, ada: Screen) -> None:
    await note(
        sandbox,
        ("U0BEN", Act.PASSWORD_SET, ANNA),
        ("U0BEN", Act.APP_PASSWORD_CREATED, ANNA),
        ("U0BEN", Act.CREATED, ANNA),
    )
    _ = await opens(ada, "/mail-audit")
    await ada.sees("3 entries, the newest first.")
    await ada.fill("kind", "password")
    view = await ada.sees("1 of 3 entries: of the kind “Passwords”")
    assert "set a new password" in lines(view)[0]
    await ada.fill("kind", None)
    await ada.sees("3 entries, the newest first.")


@pytest.mark.parametrize("act", Act)
def test_every_act_is_of_one_kind(act: Act) -> None:
    assert len([kind for kind in KINDS if act.value in acts_of(kind)]) == 1


async def test_what_makes_no_sense_is_said_to(ada: Screen) -> None:
    _ = await opens(ada, "/mail-audit", "@nobody-here")
    await ada.sees("“@nobody-here” means nothing here.", "since when: `7d`")


async def test_pages_stay_put_while_more_is_done(sandbox: Sandbox, ada: Screen) -> None:
    everybody = [f"user{number:02}@acme-tools.example" for number in range(25)]
    await note(sandbox, *(("U0BEN", Act.CREATED, address) for address in everybody))
    _ = await opens(ada, "/mail-audit")
    seen = lines(await ada.sees("25 entries", "Page 1 of 3"))
    await note(sandbox, ("U0BEN", Act.CREATED, "late@acme-tools.example"))
    await ada.press("Next →")
    seen += lines(await ada.sees("Page 2 of 3"))
    await ada.press("Next →")
    seen += lines(await ada.sees("Page 3 of 3"))
    assert [line.split("`")[1] for line in seen] == everybody[::-1]
    await ada.submit()
    await ada.sees("26 entries", "late@acme-tools.example")


async def test_an_export_is_a_file_for_the_asker_with_seals_to_keep(sandbox: Sandbox, vic: Screen) -> None:
    await note(
        sandbox, ("U0ADA", Act.CREATED, ANNA), ("mailwarden", Act.DELETION_DONE, URS), detail='left, "us"'
    )
    _ = await opens(vic, "/mail-audit", "lindenhof.example")
    await vic.sees("1 of 2 entries:")
    await vic.press("Export as CSV")
    await vic.sees("1 entry as CSV: the file is in your direct messages with Mailwarden.")
    told, (columns, *rows) = the_file(sandbox, "vic")
    assert columns == [
        "seal", "time", "operator", "operator_id", "act", "account", "target", "detail", "digest",
    ]  # fmt: skip
    assert [row[:8] for row in rows] == [
        ["2", rows[0][1], "Mailwarden", "mailwarden", "deletion_done", ACCOUNT, URS, 'left, "us"']
    ]
    assert rows[0][1].startswith("2026-11-21T09:0")
    assert "1 entry about `lindenhof.example`." in readable(told)
    number, digest = known_seal(readable(told).split("The newest seal is `")[1].split("`")[0])
    assert (str(number), digest) == (rows[0][0], rows[0][8])
    database = database_of(sandbox)
    async with database.reading() as session:
        (entry,) = await audit.newest(session, limit=1)
    await database.aclose()
    assert (entry.actor, entry.act, entry.detail) == (
        "U0VIC",
        "audit_exported",
        "about lindenhof.example: 1",
    )


async def test_operators_have_their_names_in_the_file_and_formulas_do_nothing(
    sandbox: Sandbox, ada: Screen
) -> None:
    await note(sandbox, ("U0ADA", Act.CREATED, "=cmd@acme-tools.example"), detail="=HYPERLINK(1)")
    _ = await opens(ada, "/mail-audit")
    await ada.sees("1 entry")
    await ada.press("Export as CSV")
    await ada.sees("1 entry as CSV")
    _, (_, row) = the_file(sandbox, "ada")
    assert row[2:4] == ["Ada", "U0ADA"]
    assert row[6:8] == ["'=cmd@acme-tools.example", "'=HYPERLINK(1)"]


async def test_a_file_that_slack_does_not_take_is_told(sandbox: Sandbox, ada: Screen) -> None:
    await note(sandbox, ("U0ADA", Act.CREATED, ANNA))
    _ = await opens(ada, "/mail-audit")
    await ada.sees("1 entry")
    fault: dict[str, Any] = {"body": {"ok": False, "error": "file_uploads_disabled"}}
    sandbox.server.faults.inject("files.getUploadURLExternal", 1, fault)
    await ada.press("Export as CSV")
    await ada.sees("Slack did not take the file (file_uploads_disabled).")


ARABIC = "\u202eمستخدم@مثال.إختبار\u202c"


@pytest.mark.parametrize("target", [ADDRESS, f"{'&' * 64}@{'d' * 63}.example", ARABIC, "", "x" * 400])
@pytest.mark.parametrize("number", [0, 1, 100, 10_000])
def test_slack_takes_the_window_at_its_extremes(number: int, target: str) -> None:
    entry = AuditEntry(NOW, "U0ADA", Act.CREATED, NASTY_ACCOUNT, target, MESSAGE)
    other = AuditEntry(NOW, "mailwarden", "an_act_of_later", NASTY_ACCOUNT, target, "")
    page = AuditPage(
        [entry, other] * min(number, PER_PAGE // 2), number, 2 * number, Seal(number, 1, "0" * 64), number
    )
    query = Query(target, "U0ADA", NOW.date(), PING * 20)
    for one in (query, replace(query, actor="mailwarden", since=NOW), Query()):
        view = window(Shown(one, page, number // 2, several=True), top=blocks.problem(MESSAGE)).to_dict()
        assert view_problems(view) == []
        assert PING not in mrkdwn(view["blocks"])
        assert broken_entities(view["blocks"]) == []


@pytest.mark.parametrize("number", [0, 1, MOST])
def test_slack_takes_what_goes_with_the_file(number: int) -> None:
    exported = AuditExport(
        [(AuditEntry(NOW, "U", "a", "b", "c", ""), None)] * number, 10**6, Seal(1, 1, "0" * 64)
    )
    text = accompanying(Query(ADDRESS, "U0ADA", NOW), exported)
    assert message_problems([blocks.section(text).to_dict()]) == []
    assert PING not in text


def test_every_act_has_its_words() -> None:
    assert set(Act) - set(WHAT) == set()


async def test_a_stranger_sees_nothing_of_it(eve: Screen) -> None:
    await eve.command("/mail-audit")
    await eve.told("you are not one of them")
    assert eve.windows == []
