"""DNS windows and messages with the longest and nastiest content, before the emulator's strict judge."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from slack_sdk.models.views import View

from bot.dns.announcements import Announcement
from bot.dns.confirmation import Turn
from bot.model import AlertKind, DomainHealth, Finding, Grade, MailDomain, ProviderVerdict, Subject
from bot.sandbox.slack.strict import message_problems, view_problems
from bot.storage.alerts import Alert, AlertItem, Mute
from handlers import blocks, dns_alert_buttons, dns_health, dns_report, dns_words
from handlers.dns_alerts import render_alert
from handlers.dns_health import Overview
from handlers.dns_report import Report
from tests.support.nasty import ACCOUNT, DOMAIN, MESSAGE, NOW, PING, a_health, mrkdwn, raw

HEALTHS = [a_health(number) for number in range(1000)]
DOMAINS = [MailDomain(ACCOUNT, f"d{number}.{DOMAIN}") for number in range(1000)]
MUTE = Mute(NOW + timedelta(days=7), "U0ADA")
MUTES = {(health.account, health.domain): MUTE for health in HEALTHS}
STRIP = [*Grade, None, *Grade] * 2 + [Grade.FAIL] * 8


def a_report(health: DomainHealth | None) -> Report:
    return Report(DOMAINS[0], health, STRIP, MUTE, may_mute=True, several=True)


VIEWS: dict[str, View] = {
    "overview": dns_health.window(
        Overview("", 2000, dns_words.worst_first(HEALTHS), DOMAINS, MUTES, several=True), offset=20
    ),
    "overview, where what was looked at ends": dns_health.window(
        Overview("", 2000, HEALTHS[:25], DOMAINS, several=True), offset=20
    ),
    "overview of nothing": dns_health.window(Overview("", 0, [])),
    "overview of no match": dns_health.window(Overview(PING * 30, 1000, [])),
    "report, never looked at": dns_report.window(a_report(None), asking=True),
    "report with a problem": dns_report.window(a_report(HEALTHS[3]), problem=MESSAGE),
    "what came out": dns_alert_buttons.looked_at(HEALTHS[: dns_alert_buttons.AT_ONCE], several=True),
    **{f"report, {HEALTHS[n].grade}, {n}": dns_report.window(a_report(HEALTHS[n])) for n in range(5)},
}


def an_item(
    number: int,
    tag: str = "MX_MISSING",
    turn: Turn = Turn.BAD,
    *,
    over: bool = False,
    summary: str = "{} has no MX record.",
) -> AlertItem:
    name = f"d{number}.{DOMAIN}"
    return AlertItem(
        ACCOUNT,
        name,
        Subject.MX,
        tag,
        turn,
        Grade.FAIL,
        summary.format(name),
        NOW + timedelta(minutes=number),
        NOW + timedelta(hours=4) if over else None,
    )


def an_alert(*items: AlertItem, kind: AlertKind = AlertKind.BAD) -> Announcement:
    return Announcement(Alert("a" * 32, kind, NOW, items))


def said(told: Announcement) -> str:
    message = render_alert(told, NOW)
    assert message is not None
    assert message_problems(raw(message)) == []
    assert len(message.text) < 4000
    return message.text


ALERTS = {
    "one": an_alert(an_item(0, summary=MESSAGE)),
    "many of one kind": an_alert(*map(an_item, range(1000))),
    "many with a sentence each": an_alert(*(an_item(n, summary=f"{n} {MESSAGE}") for n in range(1000))),
    "many kinds": an_alert(*(an_item(n, f"TAG{n // 2}", summary=MESSAGE) for n in range(1000))),
    "half of them over": an_alert(*(an_item(n, over=n % 2 == 0) for n in range(1000))),
    "all over": an_alert(*(an_item(n, over=True) for n in range(1000))),
    "come and go": an_alert(*(an_item(n, turn=Turn.FLAPPING, summary="") for n in range(1000))),
    "good again": an_alert(*map(an_item, range(1000)), kind=AlertKind.GOOD),
    "blind": an_alert(kind=AlertKind.BLIND),
}


@pytest.mark.parametrize("name", VIEWS)
def test_slack_takes_every_window(name: str) -> None:
    view = VIEWS[name].to_dict()
    assert view_problems(json.loads(json.dumps(view))) == []


@pytest.mark.parametrize("name", VIEWS)
def test_nothing_from_outside_pings_anybody_from_a_window(name: str) -> None:
    assert PING not in mrkdwn(VIEWS[name].to_dict())


@pytest.mark.parametrize("name", ALERTS)
def test_slack_takes_every_alert_and_it_pings_nobody(name: str) -> None:
    told = replace(ALERTS[name], mutes={(ACCOUNT, f"d0.{DOMAIN}"): MUTE})
    told = replace(told, why=dict.fromkeys(told.alert.items[:10], MESSAGE))
    assert PING not in said(told)


@pytest.mark.parametrize("kind", [AlertKind.BAD, AlertKind.GOOD])
def test_an_alert_about_nothing_is_no_message(kind: AlertKind) -> None:
    assert render_alert(an_alert(kind=kind), NOW) is None
    assert render_alert(None, NOW) is None


def test_many_with_one_fault_are_told_of_any_domain() -> None:
    told = said(an_alert(*(an_item(n, summary="There is no key at key1._domainkey.{}.") for n in range(3))))
    assert "*3 domains*, MX: There is no key at key1._domainkey of the domain." in told


def test_many_with_different_sentences_get_an_example() -> None:
    items = [an_item(n, summary=f"The MX of {{}} is mx{n}.old.example.") for n in range(3)]
    assert f"*3 domains*, MX: for example, The MX of d0.{DOMAIN} is mx0.old.example." in said(
        an_alert(*items)
    )


def test_what_comes_and_goes_is_told_as_that() -> None:
    told = said(an_alert(an_item(0, turn=Turn.FLAPPING, summary="")))
    assert f"*d0.{DOMAIN}* comes and goes in DNS." in told
    assert "More than 3 changes within 7 days." in told


def test_what_has_stopped_coming_and_going_is_told_as_that() -> None:
    assert "It no longer comes and goes, but stays like that, since" in said(
        an_alert(an_item(0, turn=Turn.STEADY))
    )


def test_what_it_means_for_mail_is_said_where_it_is_the_same_for_all() -> None:
    items = [an_item(n) for n in range(3)]
    same = replace(an_alert(*items), why={item: f"No mail reaches {item.domain}." for item in items})
    assert "No mail reaches the domain." in said(same)
    other = replace(an_alert(*items), why={item: f"Reason {n}." for n, item in enumerate(items)})
    assert "Reason" not in said(other)


def test_good_again_names_the_warnings_that_are_left() -> None:
    items = [replace(an_item(n), turn=Turn.BETTER) for n in range(3)]
    told = an_alert(*items, kind=AlertKind.GOOD)
    assert "warnings" not in said(told)
    warned = replace(told, grades={(ACCOUNT, items[0].domain): Grade.WARN})
    assert "Of these, 1 still has warnings" in said(warned)


def test_an_alert_that_is_over_and_was_never_posted_is_not_posted() -> None:
    over, left = an_alert(an_item(0, over=True)), an_alert(an_item(0))
    messages = [render_alert(told, NOW) for told in (over, left)]
    assert [message.correction for message in messages if message is not None] == [True, False]


def test_every_subject_has_a_name() -> None:
    assert set(dns_words.NAMES) == set(Subject)


def test_the_worst_finding_comes_first() -> None:
    grades = [Grade.OK, Grade.UNKNOWN, Grade.WARN, Grade.FAIL, Grade.INFO]
    found = tuple(Finding(Subject.MX, grade.value, grade, "") for grade in grades)
    wrong = dns_words.problems(DomainHealth(ACCOUNT, DOMAIN, NOW, found))
    assert [one.grade for one in wrong] == [Grade.FAIL, Grade.WARN, Grade.UNKNOWN]


def one_finding(finding: Finding) -> str:
    health = DomainHealth(ACCOUNT, DOMAIN, NOW, (finding,), next_look_at=NOW + timedelta(minutes=5))
    return json.dumps(dns_report.window(Report(DOMAINS[0], health)).to_dict(), ensure_ascii=False)


def test_report_tells_what_got_no_answer_without_calling_it_bad() -> None:
    finding = Finding(
        Subject.MX, "MX_UNANSWERED", Grade.UNKNOWN, "No answer for the MX.", since=NOW, confirmed=False
    )
    told = one_finding(finding)
    assert "1 without an answer." in told
    assert "what was seen before still counts" in told
    assert "❔" not in one_finding(Finding(Subject.MX, "", Grade.OK, "Mail goes there."))


def test_notes_are_no_problems() -> None:
    told = one_finding(Finding(Subject.DNSSEC, "DNSSEC_UNSIGNED", Grade.INFO, "The zone is not signed."))
    assert "All is well." in told
    assert "Notes\\n• DNSSEC: The zone is not signed." in told


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("acme.example", "acme.example"),
        ("xn--mller-kva.example", "müller.example"),
        ("xn--strae-oqa.example", "straße.example"),
        ("xn--a.example", "xn--a.example"),
        ("xn--mller-kva..example", "xn--mller-kva..example"),
    ],
)
def test_a_domain_is_shown_in_its_letters_where_it_has_any(name: str, letters: str) -> None:
    assert dns_words.readable(name) == letters


def test_both_verdicts_are_told_where_they_differ() -> None:
    health = replace(HEALTHS[0], provider_verdict=ProviderVerdict(mx=True, spf=False, dkim=True, dmarc=True))
    told = dns_words.differences(health)
    assert told is not None
    assert "SPF not fine (DNS: ok)" in told
    assert dns_words.differences(replace(health, provider_verdict=None)) is None


def test_a_button_holds_the_longest_domain() -> None:
    longest = ".".join(["x" * 63] * 3 + ["y" * 61])
    assert len(dns_report.reference(ACCOUNT, longest)) < blocks.SECTION
