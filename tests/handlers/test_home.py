"""The Home tab: what needs its reader, and what changes while it is open."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.credit import Balance
from bot.dns.overview import Overview
from bot.model import Capability, DeletionState, Grade, Role
from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen, text_of
from bot.sandbox.slack.strict import view_problems
from bot.storage.audit import AuditEntry
from bot.storage.credits import Credit
from bot.storage.deletions import Hold
from handlers import blocks
from handlers.home_view import DOMAINS, HOLDS, PENDING, RECENT, Home, fingerprint, home
from handlers.pending_deletions import Queue
from tests.support.held import later, opens, somebody, users
from tests.support.nasty import (
    ACCOUNT,
    ADDRESS,
    MESSAGE,
    NOW,
    PING,
    a_deletion,
    a_health,
    broken_entities,
    mrkdwn,
)
from tests.support.systems import on_both

ARABIC = "\u202eمستخدم@مثال.إختبار\u202c"


async def schedule(screen: Screen, *addresses: str) -> None:
    _ = await opens(screen, "/mail-delete")
    await screen.fill("list", "\n".join(addresses))
    await screen.fill("reason", "spring cleaning")
    await screen.submit()
    await screen.sees("queued")
    await screen.close()


async def test_nothing_needs_anybody_at_first(ada: Screen) -> None:
    await ada.home("What needs you", "Nothing is queued for deletion.", "Credit", "$19.16")


async def test_it_finds_mail_users(ada: Screen) -> None:
    await ada.home("Find mail users")
    await ada.fill_home("search", "keller", enter=True)
    await ada.sees("anna.keller@acme-tools.example")


async def test_it_tells_what_was_done_last(sandbox: Sandbox, ada: Screen, vic: Screen) -> None:
    address = await somebody(sandbox)
    await schedule(ada, address)
    shown = text_of((await vic.home("Recent activity", f"<@U0ADA> asked to delete `{address}`")).content)
    assert "posted the notice" not in shown


async def test_an_open_tab_shows_what_somebody_else_has_done(
    sandbox: Sandbox, ada: Screen, ben: Screen, vic: Screen
) -> None:
    address = await somebody(sandbox)
    await vic.home("Nothing is queued for deletion.")
    await ben.home("Nothing is queued for deletion.")
    await schedule(ada, address)
    await sandbox.settled()
    await vic.sees_home("Pending deletions: 1", address, "spring cleaning")
    await ben.sees_home(address)
    await ben.press_home("Cancel deletion")
    await ben.sees_home("Cancelled:", "Nothing is queued for deletion.")
    await sandbox.settled()
    await vic.sees_home("Nothing is queued for deletion.", f"<@U0BEN> cancelled the deletion of `{address}`")


async def test_an_open_tab_is_left_alone_while_nothing_changes(sandbox: Sandbox, ada: Screen) -> None:
    home = await ada.home("What needs you")
    await sandbox.settled()
    before = home.hash
    await sandbox.settled()
    assert (await ada.sees_home("What needs you")).hash == before


async def test_the_time_that_is_left_does_not_stand_still(sandbox: Sandbox, ada: Screen) -> None:
    address = await somebody(sandbox)
    await schedule(ada, address)
    await ada.home("in 24 hours")
    await later(sandbox, timedelta(hours=1))
    await ada.sees_home("in 23 hours")


async def test_a_tab_that_was_opened_yesterday_is_not_kept_up_to_date(
    sandbox: Sandbox, ada: Screen, vic: Screen
) -> None:
    await vic.home("Nothing is queued for deletion.")
    await later(sandbox, timedelta(hours=13))
    await schedule(ada, await somebody(sandbox))
    await sandbox.settled()
    await vic.sees_home("Nothing is queued for deletion.")


async def test_a_tab_of_somebody_who_left_slack_shows_no_more(
    sandbox: Sandbox, ada: Screen, vic: Screen
) -> None:
    await vic.home("Nothing is queued for deletion.")
    people = sandbox.slack.people
    sandbox.slack.people = {**people, "U0VIC": replace(people["U0VIC"], is_guest=True)}
    await later(sandbox, timedelta(minutes=2))
    await schedule(ada, await somebody(sandbox))
    await sandbox.settled()
    await vic.sees_home("Guest accounts can't use Mailwarden")


async def test_what_is_held_is_released_there_by_an_owner_and_cancelled_by_any_admin(
    sandbox: Sandbox, ada: Screen, ben: Screen, vic: Screen
) -> None:
    addresses = [await somebody(sandbox, number) for number in range(6)]
    await schedule(ada, *addresses)
    shown = text_of((await vic.home("Held: 6 deletions", "<@U0ADA>")).content)
    assert "Release" not in shown.splitlines()
    for admin in (ada, ben):
        own = text_of((await admin.home("Held: 6 deletions", "Cancel all")).content)
        assert "Release" not in own.splitlines()
    olga = sandbox.screen("olga")
    await olga.home("Held: 6 deletions", "Release")
    await olga.press_home("Release")
    await olga.sees_home("Released: 6 deletions.", "Pending deletions: 6")
    await sandbox.settled()
    await ada.sees_home("Pending deletions: 6")


async def test_what_is_held_can_be_cancelled_by_the_one_who_asked(sandbox: Sandbox, ada: Screen) -> None:
    addresses = [await somebody(sandbox, number) for number in range(6)]
    await schedule(ada, *addresses)
    await ada.home("Held: 6 deletions")
    await ada.press_home("Cancel all")
    await ada.sees_home("Cancelled: 6 deletions.", "Nothing is queued for deletion.")
    await later(sandbox, timedelta(hours=30))
    assert set(addresses) <= set(await users(sandbox))


async def test_a_failing_domain_leads_to_what_mends_it(sandbox: Sandbox, vic: Screen) -> None:
    await later(sandbox, timedelta(minutes=10))
    await vic.home("Domains with DNS to mend: 4")
    await vic.press_home("Details")
    await vic.view()
    await vic.sees("DNS")


async def test_little_credit_is_shown_and_told_in_the_channel(sandbox: Sandbox, ada: Screen) -> None:
    sandbox.purelymail.account.credit = "4.20"
    await later(sandbox, timedelta(hours=1, minutes=1))
    await ada.home("*$4.20* of credit is left on the account *main*, less than $5.00.")
    digest = sandbox.slack.channels["C0DIGEST"].messages
    assert [m.text for m in digest if "$4.20 of credit left" in m.text] != []
    sandbox.purelymail.account.credit = "50"
    await later(sandbox, timedelta(minutes=6))
    await ada.home("$50.00")
    await sandbox.settled()
    assert [m.text for m in digest if "has $50.00 of credit again" in m.text] != []
    assert [m.text for m in digest if "$4.20 of credit left," in m.text] == []


@on_both
async def test_only_accounts_that_are_prepaid_show_a_credit(ada: Screen) -> None:
    shown = text_of((await ada.home("Credit", "main: $19.16")).content)
    assert "box: " not in shown


def an_entry(target: str = ADDRESS, act: str = "created") -> AuditEntry:
    return AuditEntry(NOW, "U0ADA", act, ACCOUNT, target, MESSAGE)


def a_home(number: int, *, role: Role = Role.OWNER, address: str = ADDRESS) -> Home:
    """With so many of everything; a tab gets no more of them than it shows."""

    def some(limit: int) -> range:
        return range(min(number, limit))

    deletions = [a_deletion(DeletionState.PENDING, n) for n in some(PENDING)]
    balance = Balance(Credit(ACCOUNT, Decimal("1234567.8912"), NOW), Decimal(10**7))
    return Home(
        role,
        Queue(
            deletions,
            2 * number,
            0,
            NOW,
            role >= Role.ADMIN,
            "U0BEN",
            several=True,
            releasable={"U0ADA"} if role is Role.OWNER else (),
        ),
        [Hold(f"{n:032x}", "U0ADA", 10, NOW) for n in some(HOLDS)],
        number,
        Overview(dict.fromkeys(Grade, number), [a_health(n) for n in some(DOMAINS)], number)
        if number
        else Overview({}, (), 0),
        [balance] * min(number, 10),
        [an_entry(address) for _ in some(RECENT)],
        frozenset(Capability),
        [blocks.context(f":warning: {blocks.escape(MESSAGE, 300)}") for _ in some(12)],
    )


@pytest.mark.parametrize(
    "address", [ADDRESS, f"{'&' * 64}@{'d' * 63}.example", ARABIC, "用户@xn--fsqu00a.example"]
)
@pytest.mark.parametrize("number", [0, 1, 100, 10_000])
@pytest.mark.parametrize("role", Role)
def test_slack_takes_the_tab_at_its_extremes(role: Role, number: int, address: str) -> None:
    view = home(a_home(number, role=role, address=address), note=f"Cancelled: {ADDRESS}").to_dict()
    assert view_problems(view) == []
    assert PING not in mrkdwn(view["blocks"])
    assert broken_entities(view["blocks"]) == []


def test_the_same_content_has_the_same_fingerprint_and_another_one_another() -> None:
    assert fingerprint(a_home(3)) == fingerprint(a_home(3))
    marks = {
        fingerprint(a_home(number, role=role)) for number in (0, 1, 2) for role in (Role.VIEWER, Role.ADMIN)
    }
    assert len(marks) == 6
