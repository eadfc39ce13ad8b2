"""/mail-dns: all domains from what is stored, a search among them, and the report on one, which looks anew."""

from datetime import timedelta

import pytest

from bot.model import Grade
from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen, text_of
from bot.sandbox.slack.workspace import View
from bot.sandbox.zones import MAIL_HOST
from bot.storage import audit
from bot.storage.database import Database
from tests.conftest import NOW
from tests.support.dns_in_slack import (
    SECOND_LOOK,
    a_pretence,
    added,
    break_mx,
    looked_at,
    pretended,
    removed,
    story_of,
)
from tests.support.held import later, opens
from tests.support.systems import on_either

HEALTHY = "acme-tools.example"
BROKEN = "oldbrand.example"


def entries(window: View) -> list[str]:
    """The domains that a window lists, as it shows them."""
    return [block["text"]["text"] for block in window.blocks if "accessory" in block]


def settled(window: View) -> bool:
    return "Asking DNS now" not in str(window.blocks)


async def report(screen: Screen, domain: str) -> str:
    """What the report on a domain says once it was looked at."""
    await opens(screen, "/mail-dns", domain)
    return text_of((await screen.view(settled)).blocks)


@on_either
async def test_overview_shows_what_is_stored_worst_first_and_asks_dns_nothing(
    sandbox: Sandbox, vic: Screen
) -> None:
    story = story_of(sandbox)
    await later(sandbox, SECOND_LOOK)
    asked = sandbox.dns.asked.total()
    window = await opens(vic, "/mail-dns")
    assert "".join(entry[0] for entry in entries(window)) == story.marks
    assert story.counts in text_of(window.blocks)
    (entry,) = [entry for entry in entries(window) if story.broken in entry.partition("\n")[0]]
    lines = entry.replace("\N{NO-BREAK SPACE}", " ").splitlines()
    assert lines == [f"❌ *{story.broken}*", story.line, story.problem]
    assert sandbox.dns.asked.total() == asked


@pytest.mark.parametrize("number", [1, 100, 1000])
async def test_overview_pages_through_any_number_of_domains(
    sandbox: Sandbox, vic: Screen, number: int
) -> None:
    grades = [Grade.FAIL, Grade.OK, Grade.WARN]
    domains = [f"d{count:04}.example" for count in range(number)]
    await pretended(sandbox, [a_pretence(name, grades[count % 3], NOW) for count, name in enumerate(domains)])
    window = await opens(vic, "/mail-dns")
    assert f"{number} domain" in text_of(window.blocks)
    seen = entries(window)
    while any("Next" in text for text in text_of(window.blocks).splitlines()):
        before = window.hash
        await vic.press("Next →")
        window = await vic.view(lambda view, before=before: view.hash != before)  # type: ignore[misc]
        seen += entries(window)
        if len(seen) == 40:
            break
    assert len(seen) == len(set(seen)) == min(number, 40)
    assert all("❌" in entry for entry in seen[: -(-number // 3)])


async def test_no_domains_are_said(sandbox: Sandbox, vic: Screen) -> None:
    await pretended(sandbox, [])
    await opens(vic, "/mail-dns")
    await vic.sees("No domains yet.")


async def test_domains_that_nobody_has_looked_at_are_named_and_looked_at_on_demand(
    sandbox: Sandbox, vic: Screen
) -> None:
    await added(sandbox, ["brandnew.example"])
    window = await opens(vic, "/mail-dns")
    assert "1 domain was never looked at so far." in text_of(window.blocks)
    assert "Never looked at so far." in entries(window)[-1]
    await vic.press("Details", nth=len(entries(window)) - 1)
    await vic.sees("brandnew.example", "All is well.")


async def test_a_part_of_the_name_after_the_command_filters(vic: Screen) -> None:
    window = await opens(vic, "/mail-dns", "bRaNd")
    assert [BROKEN in entry for entry in entries(window)] == [True]
    assert "Of 6 domains 1 match." in text_of(window.blocks)


async def test_search_filters_with_enter_and_with_its_button(vic: Screen) -> None:
    await opens(vic, "/mail-dns")
    await vic.fill("search", "books", enter=True)
    window = await vic.sees("Of 6 domains 1 match.")
    assert "fjordbooks.example" in entries(window)[0]
    await vic.fill("search", "s")
    await vic.submit()
    await vic.sees("Of 6 domains 3 match.")
    await vic.fill("search", "", enter=True)
    await vic.sees("6 domains: ")


async def test_a_search_that_finds_nothing_says_so_and_can_be_changed(vic: Screen) -> None:
    window = await opens(vic, "/mail-dns", "nowhere.example.net")
    assert "None of 6 domains has “nowhere.example.net” in its name." in text_of(window.blocks)
    await vic.fill("search", "linden", enter=True)
    await vic.sees("lindenhof.example")


async def test_pages_keep_the_search(sandbox: Sandbox, vic: Screen) -> None:
    names = [f"{kind}{count:02}.example" for kind in ("left", "right") for count in range(15)]
    await pretended(sandbox, [a_pretence(name, Grade.OK, NOW) for name in names])
    await opens(vic, "/mail-dns", "right")
    await vic.press("Next →")
    window = await vic.sees("Page 2 of 2")
    assert [entry.partition("*")[2][:7] for entry in entries(window)] == [f"right{n}" for n in range(10, 15)]


@on_either
async def test_report_opens_with_what_is_stored_and_looks_anew(sandbox: Sandbox, vic: Screen) -> None:
    story = story_of(sandbox)
    await later(sandbox, SECOND_LOOK)
    story.mend(sandbox)
    sandbox.dns.faults[story.record[:2]] = 0.3
    first = await opens(vic, "/mail-dns", story.broken)
    assert "Asking DNS now" in str(first.blocks)
    assert story.problem in text_of(first.blocks)
    now = await vic.view(settled)
    assert "All is well." in text_of(now.blocks)


@on_either
async def test_report_says_what_is_wrong_since_when_and_the_record_to_publish(
    sandbox: Sandbox, vic: Screen
) -> None:
    story = story_of(sandbox)
    await later(sandbox, SECOND_LOOK)
    told = await report(vic, story.broken)
    assert f"❌ *{story.subject}*: {story.problem}" in told
    assert "Since <!date^" in told
    assert story.found in told
    assert story.to_publish in told
    assert "The next look is" in told


async def test_problems_come_before_what_is_fine_and_notes_come_last(sandbox: Sandbox, vic: Screen) -> None:
    await later(sandbox, SECOND_LOOK)
    told = await report(vic, BROKEN)
    places = [
        told.index(text) for text in ("❌ *MX*", "*Fine*", "• SPF: ", "Notes", "• MTA-STS: ", "• DNSSEC: ")
    ]
    assert places == sorted(places)
    assert "1 failing." in told


@on_either
async def test_what_was_seen_once_is_not_called_bad_and_says_when_it_is_looked_at_again(
    sandbox: Sandbox, vic: Screen
) -> None:
    healthy = story_of(sandbox).healthy
    await later(sandbox, SECOND_LOOK)
    break_mx(sandbox, healthy)
    told = await report(vic, healthy)
    assert "seen once." in told
    assert f"❔ *MX*: {healthy} has no MX record." in told
    assert "it is looked at again <!date^" in told
    assert "❌" not in told.partition("*The last")[0]
    await later(sandbox, SECOND_LOOK)
    await vic.press("Recheck")
    await vic.sees("failing.", f"❌ *MX*: {healthy} has no MX record.")


async def test_history_is_told_in_marks_and_in_words(sandbox: Sandbox, vic: Screen) -> None:
    await later(sandbox, SECOND_LOOK)
    await later(sandbox, timedelta(days=1))
    break_mx(sandbox, HEALTHY)
    await looked_at(sandbox)
    await looked_at(sandbox, after=SECOND_LOOK)
    told = await report(vic, HEALTHY)
    assert f"`{'·' * 28}▁█`" in told
    assert f"{HEALTHY}: mail affected today, before that all right." in told


async def test_the_mail_systems_own_verdict_is_shown_where_it_differs(sandbox: Sandbox, vic: Screen) -> None:
    await later(sandbox, SECOND_LOOK)
    sandbox.purelymail.inject("updateDomainSettings", 10, {"status": 500})
    break_mx(sandbox, HEALTHY)
    await looked_at(sandbox)
    await looked_at(sandbox, after=SECOND_LOOK)
    assert "says otherwise: MX fine (DNS: fails)." in await report(vic, HEALTHY)


async def test_the_mail_systems_own_verdict_is_not_mentioned_where_it_agrees(
    sandbox: Sandbox, vic: Screen
) -> None:
    await later(sandbox, SECOND_LOOK)
    assert "says otherwise" not in await report(vic, BROKEN)


async def test_report_keeps_what_was_seen_while_dns_cannot_be_asked(sandbox: Sandbox, vic: Screen) -> None:
    await later(sandbox, SECOND_LOOK)
    for name in (MAIL_HOST, "_spf.purelymail.com", "dmarcroot.purelymail.com"):
        sandbox.dns.faults[name] = "servfail"
    for number in (1, 2, 3):
        sandbox.dns.faults[f"key{number}.dkimroot.purelymail.com"] = "servfail"
    told = await report(vic, BROKEN)
    assert "DNS can't be asked now" in told
    assert f"❌ *MX*: The MX of {BROKEN}" in told


async def test_an_address_is_taken_for_its_domain(vic: Screen) -> None:
    assert "All is well." in await report(vic, f"anna.keller@{HEALTHY}")


async def test_a_domain_is_found_by_its_letters_and_by_its_a_labels(sandbox: Sandbox, vic: Screen) -> None:
    await added(sandbox, ["xn--mller-kva.example"])
    for name in ("müller.example", "xn--mller-kva.example"):
        told = await report(vic, name)
        assert told.startswith("müller.example\nIn DNS: `xn--mller-kva.example`")
        assert "All is well." in told
        await vic.close()
    window = await opens(vic, "/mail-dns", "müll")
    assert "*müller.example*" in entries(window)[0]


async def test_all_domains_leads_back(vic: Screen) -> None:
    _ = await report(vic, HEALTHY)
    await vic.press("All domains")
    await vic.sees("6 domains: ")


@on_either
async def test_admin_mutes_a_domain_and_takes_it_back_on_record(sandbox: Sandbox, ada: Screen) -> None:
    healthy = story_of(sandbox).healthy
    _ = await report(ada, healthy)
    await ada.press("Mute 24 h")
    await ada.sees("🔕 Muted until <!date^", "by <@U0ADA>")
    await ada.press("All domains")
    await ada.sees(f"*{healthy}*   🔕 muted")
    await ada.close()
    _ = await report(ada, healthy)
    await ada.press("Unmute")
    await ada.view(lambda view: "Muted until" not in str(view.blocks))
    database = Database(sandbox.settings.database.url)
    async with database.reading() as session:
        noted = [(entry.actor, entry.act) for entry in await audit.newest(session, limit=5, target=healthy)]
    await database.aclose()
    assert noted == [("U0ADA", "dns_unmuted"), ("U0ADA", "dns_muted")]


async def test_viewer_is_offered_no_mute(vic: Screen) -> None:
    await opens(vic, "/mail-dns", HEALTHY)
    window = await vic.view(settled)
    assert "Mute 24 h" not in str(window.blocks)
    assert "Recheck" in str(window.blocks)


async def test_a_domain_that_is_gone_meanwhile_is_said(sandbox: Sandbox, vic: Screen) -> None:
    await opens(vic, "/mail-dns", "lindenhof")
    await removed(sandbox, "lindenhof.example")
    await vic.press("Details")
    await vic.sees("lindenhof.example is not a domain here any more.")
