"""Messages about domains that broke or are good again, and their buttons."""

from datetime import timedelta

from sqlalchemy import delete

from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen, readable, text_of
from bot.sandbox.slack.workspace import Message
from bot.sandbox.zones import MAIL_HOST
from bot.storage import audit
from bot.storage import tables as rows
from bot.storage.database import Database
from tests.support.dns_in_slack import (
    CHANNEL,
    SECOND_LOOK,
    added,
    alerts,
    break_mx,
    labels,
    looked_at,
    mend_mx,
    removed,
)
from tests.support.held import later

HEALTHY = "acme-tools.example"
OTHER = "lindenhof.example"
BUTTONS = ["Recheck now", "Show fix", "Mute 24 h", "Mute 7 d"]


async def broken(sandbox: Sandbox, *names: str) -> Message:
    """Break these domains, look twice, and return what was told."""
    await later(sandbox, SECOND_LOOK)
    break_mx(sandbox, *names)
    await looked_at(sandbox)
    await looked_at(sandbox, after=SECOND_LOOK)
    return alerts(sandbox)[-1]


async def many(sandbox: Sandbox, number: int) -> list[str]:
    """So many more domains, all of them good."""
    names = [f"shop{count:02}.example" for count in range(number)]
    await added(sandbox, names)
    await looked_at(sandbox)
    return names


async def test_a_break_is_told_once_it_was_seen_twice(sandbox: Sandbox) -> None:
    await later(sandbox, timedelta(hours=4))
    break_mx(sandbox, HEALTHY)
    await later(sandbox, timedelta(hours=4))
    assert alerts(sandbox) == []
    await later(sandbox, SECOND_LOOK)
    (told,) = alerts(sandbox)
    assert f"❌ *{HEALTHY}* is broken in DNS." in told.text
    assert f"*MX*: {HEALTHY} has no MX record. Since <!date^" in readable(told)
    assert "seen twice. Mail is not delivered to PurelyMail" in readable(told)
    assert labels(told) == BUTTONS
    await later(sandbox, timedelta(hours=2))
    assert alerts(sandbox) == [told]


async def test_good_again_ends_the_message_and_is_told_once(sandbox: Sandbox) -> None:
    told = await broken(sandbox, HEALTHY)
    mend_mx(sandbox, HEALTHY)
    await looked_at(sandbox, after=SECOND_LOOK)
    first, good = alerts(sandbox)
    assert first.ts == told.ts
    assert f"✅ *{HEALTHY}* is good again since <!date^" in first.text
    assert f"~*MX*: {HEALTHY} has no MX record.~ Good again <!date^" in readable(first)
    assert labels(first) == []
    assert good.text.startswith(f"✅ *{HEALTHY}* is good again since <!date^")
    await looked_at(sandbox, after=timedelta(hours=1))
    assert len(alerts(sandbox)) == 2


async def test_many_at_once_are_one_message_with_their_cause(sandbox: Sandbox) -> None:
    names = await many(sandbox, 40)
    told = await broken(sandbox, *names)
    assert alerts(sandbox) == [told]
    assert "❌ *40 domains* are broken in DNS." in told.text
    assert "*40 domains*, MX: The domain has no MX record." in readable(told)
    assert "`shop00.example`" in readable(told)
    assert "`shop11.example` and 28 more." in readable(told)
    assert "shop12.example" not in readable(told)


async def test_what_is_over_of_many_is_named_and_the_buttons_stay_for_the_rest(sandbox: Sandbox) -> None:
    names = await many(sandbox, 3)
    told = await broken(sandbox, *names)
    mend_mx(sandbox, names[1])
    await looked_at(sandbox, after=SECOND_LOOK)
    assert "*2 of 3 domains* are broken in DNS; the others are good again." in told.text
    assert "`shop00.example`, `shop02.example`." in readable(told)
    assert "1 of 3 good again (the last <!date^" in readable(told)
    assert labels(told) == BUTTONS
    mend_mx(sandbox, names[0], names[2])
    await looked_at(sandbox, after=SECOND_LOOK)
    assert "✅ All *3 domains* are good again since <!date^" in told.text
    assert labels(told) == []


async def test_what_is_wrong_in_another_way_now_is_not_called_good(sandbox: Sandbox) -> None:
    told = await broken(sandbox, HEALTHY)
    sandbox.dns.set_records(HEALTHY, "MX", ["10 mx.oldprovider.example."])
    await looked_at(sandbox, after=SECOND_LOOK)
    assert f"This, of *{HEALTHY}*, is over since <!date^" in told.text
    await looked_at(sandbox, after=SECOND_LOOK)
    assert "good again" not in everything(sandbox).lower()
    assert "mx.oldprovider.example" in alerts(sandbox)[-1].text
    assert alerts(sandbox)[-1].ts != told.ts


def everything(sandbox: Sandbox) -> str:
    return "\n".join(map(readable, alerts(sandbox)))


async def test_what_was_over_before_all_was_good_is_told_as_good_in_the_end(sandbox: Sandbox) -> None:
    told = await broken(sandbox, HEALTHY)
    sandbox.dns.set_records(HEALTHY, "MX", ["10 mx.oldprovider.example."])
    await looked_at(sandbox, after=SECOND_LOOK)
    assert alerts(sandbox) == [told]
    mend_mx(sandbox, HEALTHY)
    await looked_at(sandbox, after=SECOND_LOOK)
    first, good = alerts(sandbox)
    assert f"✅ *{HEALTHY}* is good again since" in first.text
    assert f"✅ *{HEALTHY}* is good again since" in good.text
    sandbox.dns.set_records(HEALTHY, "MX", ["10 mx.oldprovider.example."])
    await looked_at(sandbox, after=SECOND_LOOK)
    mend_mx(sandbox, HEALTHY)
    await looked_at(sandbox, after=SECOND_LOOK)
    assert alerts(sandbox) == [first, good]


async def test_a_domain_that_is_new_and_broken_alarms_nobody(sandbox: Sandbox) -> None:
    await added(sandbox, ["brandnew.example"], broken=True)
    await looked_at(sandbox)
    await looked_at(sandbox, after=SECOND_LOOK)
    assert alerts(sandbox) == []


async def test_muting_is_told_recorded_and_silences_until_its_time(sandbox: Sandbox, ada: Screen) -> None:
    told = await broken(sandbox, HEALTHY)
    await ada.press_in(told, "Mute 24 h", channel=CHANNEL)
    await ada.told("🔕 Muted until <!date^", HEALTHY, channel=CHANNEL)
    await ada.message("🔕 Muted until <!date^", "by <@U0ADA>: nothing new is told before.", channel=CHANNEL)
    assert labels(told) == [*BUTTONS, "Unmute"]
    mend_mx(sandbox, HEALTHY)
    await looked_at(sandbox, after=SECOND_LOOK)
    assert "is good again" in told.text
    assert alerts(sandbox) == [told]
    database = Database(sandbox.settings.database.url)
    async with database.reading() as session:
        (noted,) = await audit.newest(session, limit=5, target=HEALTHY)
    await database.aclose()
    assert (noted.actor, noted.act) == ("U0ADA", "dns_muted")
    assert noted.detail.startswith("until 2026-11-22 09:1")
    break_mx(sandbox, HEALTHY)
    await looked_at(sandbox, after=timedelta(days=1))
    await looked_at(sandbox, after=SECOND_LOOK)
    assert f"❌ *{HEALTHY}* is broken in DNS." in alerts(sandbox)[-1].text


async def test_seven_days_are_seven_days_and_can_be_taken_back(sandbox: Sandbox, ada: Screen) -> None:
    told = await broken(sandbox, HEALTHY)
    await ada.press_in(told, "Mute 7 d", channel=CHANNEL)
    await ada.told("Muted until", "2026-11-28", channel=CHANNEL)
    await sandbox.settled()
    assert "Muted until" in readable(told)
    await ada.press_in(told, "Unmute", channel=CHANNEL)
    await ada.told("No longer muted", HEALTHY, channel=CHANNEL)
    await sandbox.settled()
    assert "Muted" not in readable(told)
    assert labels(told) == BUTTONS
    mend_mx(sandbox, HEALTHY)
    await looked_at(sandbox, after=SECOND_LOOK)
    assert len(alerts(sandbox)) == 2


async def test_viewer_cannot_mute(sandbox: Sandbox, vic: Screen) -> None:
    told = await broken(sandbox, HEALTHY)
    await vic.press_in(told, "Mute 24 h", channel=CHANNEL)
    await vic.told("You may look, and change nothing", channel=CHANNEL)
    await sandbox.settled()
    assert await sandbox.bot.services.announcements.muted() == {}
    assert "Muted" not in readable(told)


async def test_recheck_looks_at_once_and_ends_the_message(sandbox: Sandbox, vic: Screen) -> None:
    told = await broken(sandbox, HEALTHY)
    mend_mx(sandbox, HEALTHY)
    await vic.press_in(told, "Recheck now", channel=CHANNEL)
    await vic.sees(HEALTHY, "All is well.")
    await vic.message("is good again since", HEALTHY, channel=CHANNEL)
    await sandbox.settled()
    assert labels(told) == []


async def test_recheck_of_several_shows_what_came_out_of_each(sandbox: Sandbox, vic: Screen) -> None:
    names = await many(sandbox, 3)
    told = await broken(sandbox, *names)
    mend_mx(sandbox, names[0])
    await vic.press_in(told, "Recheck now", channel=CHANNEL)
    await vic.sees("Looked at now. 3 domains: 2 failing, 1 ok.", *names)
    await vic.press("Details")
    await vic.sees(names[1], "Publish:")


async def test_recheck_of_very_many_makes_nobody_wait(sandbox: Sandbox, vic: Screen) -> None:
    names = await many(sandbox, 26)
    told = await broken(sandbox, *names)
    mend_mx(sandbox, *names)
    await vic.press_in(told, "Recheck now", channel=CHANNEL)
    await vic.told("26 domains are looked at again now", channel=CHANNEL)
    healths = await sandbox.bot.services.dns.latest()
    due = {
        health.domain
        for health in healths
        if health.next_look_at and health.next_look_at <= sandbox.clock.now()
    }
    assert due >= set(names)
    assert vic.windows == []


async def test_show_fix_opens_the_report_of_the_one_domain(sandbox: Sandbox, vic: Screen) -> None:
    told = await broken(sandbox, HEALTHY)
    await vic.press_in(told, "Show fix", channel=CHANNEL)
    await vic.sees(HEALTHY, f"Type   MX\nPrio   10\nValue  {MAIL_HOST}")


async def test_show_fix_lists_the_records_of_several_page_by_page(sandbox: Sandbox, vic: Screen) -> None:
    names = await many(sandbox, 12)
    told = await broken(sandbox, *names)
    await vic.press_in(told, "Show fix", channel=CHANNEL)
    window = await vic.sees("What mends 12 domains.", *(f"Name   {name}" for name in names[:10]))
    assert f"Name   {names[10]}" not in text_of(window.blocks)
    await vic.press("Next →")
    await vic.sees("Page 2 of 2", *(f"Name   {name}" for name in names[10:]))


async def test_two_domains_with_nothing_in_common_are_told_one_by_one(sandbox: Sandbox) -> None:
    await later(sandbox, SECOND_LOOK)
    break_mx(sandbox, HEALTHY)
    sandbox.dns.remove(f"_dmarc.{OTHER}", "CNAME")
    await looked_at(sandbox)
    await looked_at(sandbox, after=SECOND_LOOK)
    (told,) = alerts(sandbox)
    assert "*2 domains* are broken in DNS." in told.text
    assert f"*MX*: {HEALTHY} has no MX record." in told.text
    assert f"*DMARC*: There is no DMARC record at _dmarc.{OTHER}." in told.text


async def test_buttons_about_a_domain_that_is_gone_say_so(sandbox: Sandbox, ada: Screen) -> None:
    told = await broken(sandbox, HEALTHY)
    await removed(sandbox, HEALTHY)
    for label in ("Recheck now", "Show fix", "Mute 24 h"):
        await ada.press_in(told, label, channel=CHANNEL)
        await sandbox.bot.settled()
    private = [m.text for m in sandbox.slack.channel(CHANNEL).messages if m.ephemeral_for == ada.person.id]
    assert private == [f"{HEALTHY} is not a domain here any more."] * 3


async def test_buttons_of_an_alert_that_is_not_kept_any_more_say_so(sandbox: Sandbox, ada: Screen) -> None:
    told = await broken(sandbox, HEALTHY)
    database = Database(sandbox.settings.database.url)
    async with database.transaction() as session:
        _ = await session.execute(delete(rows.alert_items))
        _ = await session.execute(delete(rows.alerts))
    await database.aclose()
    await ada.press_in(told, "Show fix", channel=CHANNEL)
    await ada.told("Nothing is known of this alert any more.", channel=CHANNEL)


async def test_dns_that_cannot_be_asked_is_told_and_so_is_its_end(sandbox: Sandbox) -> None:
    await later(sandbox, SECOND_LOOK)
    own = [MAIL_HOST, "_spf.purelymail.com", "dmarcroot.purelymail.com"]
    own += [f"key{number}.dkimroot.purelymail.com" for number in (1, 2, 3)]
    sandbox.dns.faults |= dict.fromkeys(own, "servfail")
    await later(sandbox, timedelta(hours=5))
    (told,) = alerts(sandbox)
    assert "*DNS could not be checked since <!date^" in told.text
    for name in own:
        del sandbox.dns.faults[name]
    await later(sandbox, timedelta(hours=1))
    assert alerts(sandbox) == [told]
    assert "DNS could not be checked from <!date^" in told.text
