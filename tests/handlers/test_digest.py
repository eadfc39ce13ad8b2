"""The digest in Slack: within its limits whatever is wrong, short when nothing is, with its picture, and all of it in pages."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.dns.comparison import Believed, compare
from bot.dns.digest import Digest, Picture
from bot.dns.digest_json import from_json, to_json
from bot.dns.expected import PURELYMAIL, Alias
from bot.model import DnsRecord, DomainHealth, Finding, Grade, Subject
from bot.sandbox.accounts import ACCOUNT
from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen, readable, text_of
from bot.sandbox.slack.strict import message_problems, view_problems
from bot.sandbox.slack.workspace import Message
from bot.storage import domain_looks
from bot.storage.database import Database
from bot.storage.findings import finding_to_json
from handlers import digest_problems
from handlers.digest import digest_message
from handlers.digest_text import digest_text
from handlers.notices import render_digest
from tests.conftest import NOW
from tests.support.dns_in_slack import CHANNEL, alerts, break_mx, mend_mx, pretended, story_of
from tests.support.held import later
from tests.support.nasty import PING, a_health, mrkdwn, raw
from tests.support.systems import on_either

ZONE = ZoneInfo("Europe/Zurich")
DAY = timedelta(days=1)
MX = DnsRecord("acme.example", "MX", "mailserver.purelymail.com", 10)
PICTURE = Picture("F0PICTURE", "Thirty days. " * 70)


def bad(domain: str, subject: Subject = Subject.MX, grade: Grade = Grade.FAIL, **more: Any) -> DomainHealth:
    tag = f"{subject.upper()}_WRONG"
    finding = Finding(
        subject, tag, grade, f"{domain} is wrong.", "It is lost.", (), (replace(MX, name=domain),)
    )
    return DomainHealth(ACCOUNT, domain, NOW, (replace(finding, **more),))


def fine(domain: str) -> DomainHealth:
    return DomainHealth(ACCOUNT, domain, NOW, (Finding(Subject.MX, "MX_OK", Grade.OK, "Right."),))


def a_digest(
    healths: Sequence[DomainHealth],
    *,
    before: Sequence[DomainHealth] | None = None,
    now: datetime = NOW,
    **more: Any,
) -> Digest:
    """As it comes from the database."""
    previous = None if before is None else a_digest(before, now=now - DAY)
    names = [(health.account, health.domain) for health in healths]
    made = compare(Believed(now, ZONE, names, healths, next_at=now + DAY, **more), previous)
    return from_json(json.loads(json.dumps(to_json(made))))


def characters(blocks: Any) -> int:
    if isinstance(blocks, dict):
        own = [blocks[key] for key in ("text", "alt_text") if isinstance(blocks.get(key), str)]
        return sum(map(len, own)) + sum(map(characters, blocks.values()))
    return sum(map(characters, blocks)) if isinstance(blocks, list) else 0


@pytest.mark.parametrize("with_previous", [True, False])
@pytest.mark.parametrize("number", [0, 1, 12, 1000])
def test_slack_takes_the_digest_of_any_number_of_domains_that_are_as_broken_as_can_be(
    number: int, with_previous: bool
) -> None:
    healths = [a_health(count) for count in range(number)]
    before = [fine(health.domain) for health in healths[: number // 2]] if with_previous else None
    digest = replace(
        a_digest(healths, before=before, muted={(h.account, h.domain): NOW + DAY for h in healths[::3]}),
        picture=PICTURE,
    )
    message = digest_message(digest)
    assert message_problems(raw(message)) == []
    assert characters(raw(message)) <= 12_000
    assert PING not in mrkdwn(raw(message)) + message.text
    assert len(message.text) <= 1_000
    window = digest_problems.window(digest, offset=8)
    assert view_problems(window.to_dict()) == []
    assert PING not in mrkdwn(window.to_dict()["blocks"])
    assert digest.headline in digest_text(digest, ZONE)


@pytest.mark.parametrize("number", [1, 12, 1000])
def test_everything_that_can_be_told_at_once_fits(number: int) -> None:
    names = [f"d{count:04}.example" for count in range(number)]
    subjects = (Subject.MX, Subject.SPF, Subject.DKIM, Subject.DMARC, Subject.NAMESERVERS)
    healths = [
        DomainHealth(
            ACCOUNT,
            name,
            NOW,
            (
                *(bad(name, subject).findings[0] for subject in subjects if (place + len(subject)) % 3),
                Finding(Subject.DNSSEC, "SILENT", Grade.UNKNOWN, "No answer."),
            ),
        )
        for place, name in enumerate(names)
    ]
    before = [bad(name, Subject.OWNERSHIP) for name in names] + [
        fine(f"left{n}.example") for n in range(number)
    ]
    shown = raw(digest_message(replace(a_digest(healths, before=before, blind_since=NOW), picture=PICTURE)))
    assert message_problems(shown) == []
    assert len(shown) <= 50
    assert characters(shown) <= 12_000
    told = text_of(shown)
    for heading in ("Fixed", "Could not be looked up", "No longer here", "could not be asked", "next digest"):
        assert heading in told


def test_a_healthy_day_is_short() -> None:
    message = digest_message(replace(a_digest([fine(f"d{n}.example") for n in range(812)]), picture=PICTURE))
    assert [block["type"] for block in raw(message)] == ["header", "section", "image", "context"]
    assert message.text == "Mail DNS, Sat 21 Nov: all 812 domains are healthy."
    assert "All 812 domains are healthy." in text_of(raw(message))


def test_the_notification_says_what_is_new_what_is_mended_and_what_is_open() -> None:
    old = [
        bad(f"old{n}.example", subject)
        for n, subject in enumerate((Subject.SPF, Subject.DKIM, Subject.DMARC))
    ]
    before = [*old, bad("mended.example"), fine("stops.example"), fine("risk.example"), fine("x.example")]
    now = [
        *old,
        fine("mended.example"),
        bad("stops.example"),
        bad("risk.example", Subject.SPF),
        fine("x.example"),
    ]
    assert digest_message(a_digest(now, before=before)).text == (
        "Mail DNS, Sat 21 Nov: 2 new problems (1 stops mail), 1 fixed, 3 still open, 2 of 7 fine. "
        "Mail stops: stops.example."
    )


def test_what_matters_most_comes_first_each_with_the_record_that_mends_it() -> None:
    shared = [bad(f"s{n}.example", Subject.DKIM) for n in range(37)]
    old = [
        bad("older.example", Subject.DMARC, since=NOW - 41 * DAY),
        bad("old.example", Subject.SPF, since=NOW - DAY),
    ]
    before = [*old, bad("mended.example"), *(fine(one.domain) for one in shared), fine("stops.example")]
    silent = Finding(Subject.MX, "MX_UNANSWERED", Grade.UNKNOWN, "No answer.", since=NOW - timedelta(hours=7))
    now = [
        *old,
        *shared,
        fine("mended.example"),
        bad("stops.example"),
        bad("risk.example", Subject.SPF, Grade.WARN),
        DomainHealth(ACCOUNT, "fjord.example", NOW, (silent,)),
    ]
    digest = replace(a_digest(now, before=before, muted={(ACCOUNT, "quiet.example"): NOW}), picture=PICTURE)
    shown = raw(digest_message(digest))
    told = text_of(shown)
    order = [
        "*Mail stops*\n❌ *stops.example*, *MX*: stops.example is wrong. It is lost.",
        "Name   stops.example\nType   MX\nPrio   10\nValue  mailserver.purelymail.com",
        "*At risk*\n⚠️ *risk.example*, *SPF*",
        "Name   risk.example",
        "*One cause, many domains*\n❌ *37 domains*, *DKIM*: s0.example, s1.example, s10.example and 34 more. For example:",
        "Name   s0.example",
        "✅ *Fixed*: mended.example (MX).",
        "*Still open*, the oldest first\n❌ *older.example*",
        "Name   older.example",
        "❌ *old.example*",
        "❔ *Could not be looked up*: fjord.example (MX, since <!date^",
        "Thirty days.",
        "Show all",
        "New here: fjord.example, risk.example.",
        "43 domains, 1 fine",
    ]
    places = [told.index(part) for part in order]
    assert places == sorted(places)
    assert [b["slack_file"] for b in shown if b["type"] == "image"] == [{"id": "F0PICTURE"}]


def test_only_five_old_problems_are_told_and_the_others_counted() -> None:
    old = [
        bad(f"d{n}.example", subject, tag=f"{subject}{n}", since=NOW - n * DAY)
        for n, subject in enumerate([Subject.SPF, Subject.DKIM, Subject.DMARC] * 4)
    ]
    told = text_of(raw(digest_message(a_digest(old, before=old))))
    assert [f"*d{n}.example*" in told for n in range(12)] == [n >= 7 for n in range(12)]
    assert "… and 7 more: press “Show all”." in told


def test_muted_domains_are_named_in_the_small_print_only() -> None:
    digest = a_digest(
        [bad("quiet.example"), fine("d.example")], muted={(ACCOUNT, "quiet.example"): NOW + DAY}
    )
    shown = raw(digest_message(digest))
    assert [block["type"] for block in shown] == ["header", "section", "context"]
    assert "🔕 Muted, and not counted above: quiet.example until" in text_of(shown)
    assert "1 muted" in text_of(shown)


def test_a_record_is_shown_whole_or_not_at_all() -> None:
    long = DnsRecord("a.example", "TXT", "v=DKIM1; p=" + "A" * 1_600)
    shown = text_of(
        raw(digest_message(a_digest([bad("a.example", publish=(MX, long, replace(long, name="b.example")))])))
    )
    assert "Value  mailserver.purelymail.com\n\n… and 2 more: see /mail-dns" in shown
    assert "AAAA" not in shown


def test_what_the_release_before_has_kept_is_still_a_message() -> None:
    content = {
        "built_at": NOW.isoformat(),
        "domains": [
            {
                "account": ACCOUNT,
                "domain": one.domain,
                "checked_at": NOW.isoformat(),
                "findings": [finding_to_json(finding) for finding in one.findings],
                "verdict": None,
            }
            for one in (bad("old.example"), fine("d.example"))
        ],
    }
    message = render_digest(content, NOW)
    assert message_problems(raw(message)) == []
    assert "1 of 2 domains needs you." in readable(Message("1", "B", message.text, raw(message)))
    assert "Name   old.example" in text_of(raw(message))


# -- in the sandbox -------------------------------------------------------------------------------------------


def posted(sandbox: Sandbox) -> list[Message]:
    """The digests in their channel, the oldest first."""
    told = {message.ts for message in alerts(sandbox)}
    return [message for message in sandbox.slack.channel(CHANNEL).messages if message.ts not in told]


async def believed(sandbox: Sandbox, healths: Sequence[DomainHealth]) -> None:
    """Have these domains, and nobody look at them soon."""
    await pretended(sandbox, healths)
    database = Database(sandbox.settings.database.url)
    async with database.transaction() as session:
        for health in healths:
            await domain_looks.put(session, {(ACCOUNT, health.domain): {"next_look_at": NOW + 90 * DAY}})
    await database.aclose()


async def asked_for(sandbox: Sandbox) -> Message:
    """The digest of what is believed now; the directory stays as it is."""
    await sandbox.bot.services.digest.ask()
    await sandbox.bot.wake()
    (message,) = posted(sandbox)
    return message


@on_either
async def test_digest_is_posted_at_nine_with_its_picture_and_once(sandbox: Sandbox) -> None:
    story = story_of(sandbox)
    await later(sandbox, DAY)
    (message,) = posted(sandbox)
    assert story.needs in readable(message)
    assert story.to_publish in text_of(message.blocks)
    (image,) = [block for block in message.blocks if block["type"] == "image"]
    file = sandbox.slack.files.known[image["slack_file"]["id"]]
    assert file.is_complete
    assert file.is_image
    number = len(story.marks)
    assert image["alt_text"].startswith(f"DNS health of {number} domains over the last 30 days. ")
    assert f"{story.broken}: mail affected" in image["alt_text"]
    await later(sandbox, timedelta(minutes=10))
    assert len(posted(sandbox)) == len(sandbox.slack.files.known) == 1


async def test_a_picture_that_slack_does_not_take_is_left_out(sandbox: Sandbox) -> None:
    refusal = {"body": {"ok": False, "error": "file_uploads_disabled"}}
    sandbox.server.faults.inject("files.getUploadURLExternal", 1, refusal)
    await later(sandbox, DAY)
    (message,) = posted(sandbox)
    assert "image" not in {block["type"] for block in message.blocks}
    assert "4 of 6 domains need you." in readable(message)


async def test_while_dns_cannot_be_asked_the_digest_comes_and_says_how_old_it_is(sandbox: Sandbox) -> None:
    await later(sandbox, timedelta(hours=1))
    for name in (
        PURELYMAIL.mx_host,
        PURELYMAIL.spf_include,
        *(one.target for one in (PURELYMAIL.dmarc, *PURELYMAIL.dkim) if isinstance(one, Alias)),
    ):
        sandbox.dns.faults[name] = "servfail"
    await later(sandbox, DAY)
    (message,) = posted(sandbox)
    assert "DNS could not be asked since" in readable(message)
    assert "4 of 6 domains need you." in readable(message)
    # Whether a domain was looked at within the first hour is left to chance.
    assert re.search(r"the oldest look is 2[45] h", readable(message))


@on_either
async def test_what_broke_and_what_was_mended_since_yesterday_is_told(sandbox: Sandbox) -> None:
    story = story_of(sandbox)
    await later(sandbox, DAY)
    story.mend(sandbox)
    break_mx(sandbox, story.healthy)
    await later(sandbox, timedelta(hours=12))
    await later(sandbox, timedelta(hours=12))
    message = posted(sandbox)[-1]
    assert message.text.startswith("Mail DNS, Mon 23 Nov: ")
    assert "(1 stops mail), 1 fixed, " in message.text
    assert f"{story.healthy} has no MX record." in readable(message)
    assert f"✅ *Fixed*: {story.broken} ({story.subject})." in readable(message)
    await later(sandbox, DAY)
    assert "new problem" not in posted(sandbox)[-1].text
    assert "Fixed" not in readable(posted(sandbox)[-1])


@pytest.mark.parametrize("number", [1, 12, 1000])
async def test_slack_takes_the_digest_of_that_many_broken_domains(
    sandbox: Sandbox, vic: Screen, number: int
) -> None:
    names = [f"d{count:04}.example" for count in range(number)]
    subjects = (Subject.MX, Subject.SPF, Subject.DMARC)
    await believed(
        sandbox,
        [
            DomainHealth(ACCOUNT, name, NOW, tuple(bad(name, subject).findings[0] for subject in subjects))
            for name in names
        ],
    )
    message = await asked_for(sandbox)
    assert len(message.blocks) <= 50
    assert ("The only domain needs" if number == 1 else f"{number:,} of {number:,} domains need") in readable(
        message
    )
    await vic.press_in(message, "Show all", channel=CHANNEL)
    window = await vic.sees(f"{3 * number:,} problems open now, the worst first.", "d0000.example")
    assert ("Next →" in text_of(window.blocks)) is (number > 1)
    if number > 1:
        await vic.press("Next →")
        await vic.sees("Page 2 of", "d0008.example")
        await vic.press("← Previous")
        await vic.sees("Page 1 of", "Name   d0000.example")


async def test_show_all_shows_what_is_open_by_now_and_leads_to_the_report(
    sandbox: Sandbox, vic: Screen
) -> None:
    await later(sandbox, DAY)
    (message,) = posted(sandbox)
    mend_mx(sandbox, "oldbrand.example")
    await later(sandbox, timedelta(hours=3))
    await vic.press_in(message, "Show all", channel=CHANNEL)
    window = await vic.sees("3 of 6 domains need you.", "4 problems open now")
    assert "oldbrand.example" not in text_of(window.blocks)
    await vic.press("Details")
    await vic.sees("harbourclinic.example", "Recheck")


async def test_who_is_no_operator_is_not_shown_all(sandbox: Sandbox, eve: Screen) -> None:
    await later(sandbox, DAY)
    (message,) = posted(sandbox)
    await eve.press_in(message, "Show all", channel=CHANNEL)
    await eve.told("You", channel=CHANNEL)
    assert eve.windows == []


async def test_a_healthy_day_is_short_in_slack_too(sandbox: Sandbox) -> None:
    await believed(sandbox, [fine(f"d{count}.example") for count in range(30)])
    message = await asked_for(sandbox)
    assert [block["type"] for block in message.blocks] == ["header", "section", "image", "context"]
    assert message.text == "Mail DNS, Sat 21 Nov: all 30 domains are healthy."
