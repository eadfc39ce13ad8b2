"""Windows about domains with the longest and nastiest content, before the emulator's strict judge."""

import json
from dataclasses import replace

import pytest
from slack_sdk.models.views import View

from bot.dns import WantedRecord
from bot.domains import DomainDetails, DomainFacts
from bot.model import Capability, DeletionState, DnsRecord, Finding, Grade, MailDomain, Subject
from bot.passwords import Strength
from bot.providers.base import DomainSettings
from bot.sandbox.slack.strict import view_problems
from bot.users import UserCreated
from handlers import (
    add_domain,
    blocks,
    domain_records,
    domain_settings,
    find_domains,
    first_user,
    manage_domain,
)
from handlers.find_domains import Page
from handlers.mailbox_fields import Extras
from handlers.manage_domain import State
from handlers.password_fields import Mode, Password, parts
from tests.support.nasty import ACCOUNT, ADDRESS, DOMAIN, MESSAGE, NOW, PING, a_deletion, a_health, mrkdwn

ALL = frozenset(Capability)
HEBREW = "xn--4dbcagdahymbxekheh6e0a7fei0b.example"
"""A name that is written from right to left."""
PASSWORD = Password(Mode.TYPE, "&<>*_~`" * 14)
WEAK = Strength(0, "Very weak", ("Add another word or two. " * 10,), acceptable=False)
ON = DomainSettings(account_reset=True, subaddressing=True)
OFF = DomainSettings(account_reset=False, subaddressing=False)


def a_domain(number: int, name: str = DOMAIN) -> DomainFacts:
    deletion = a_deletion(DeletionState.PENDING, number) if number % 3 == 0 else None
    health = replace(a_health(number), account=ACCOUNT, domain=name) if number % 4 else None
    return DomainFacts(MailDomain(ACCOUNT, name), 10_000 * number, health, deletion)


def a_page(number: int, total: int, offset: int = 0, *, text: str = "") -> Page:
    facts = [a_domain(n, DOMAIN if n % 2 else HEBREW) for n in range(number)]
    return Page(text, facts, total, total, offset, may_change=True, several=True, by_addresses=True)


def a_record(number: int) -> WantedRecord:
    grade = list(Grade)[number % len(Grade)]
    record = DnsRecord(DOMAIN, "TXT", f"v=spf1 {'include:&<x> ' * 400}~all")
    finding = Finding(Subject.SPF, "TAG", grade, MESSAGE, MESSAGE, publish=(record,))
    return WantedRecord((record,) if number % 7 else (), finding)


def a_state(number: int, details: DomainDetails | None, *, may_change: bool = True) -> State:
    return State(
        a_domain(number),
        NOW,
        ALL,
        details,
        may_change=may_change,
        several=True,
        top=blocks.problem(MESSAGE),
    )


ENTRIES = add_domain.Entries(ACCOUNT, PING * 20, "code=" + "5a" * 2000, PING * 40)
PROOF = Finding(Subject.OWNERSHIP, "TAG", Grade.FAIL, MESSAGE, MESSAGE)
FIRST = first_user.Entries(ACCOUNT, PING * 20, DOMAIN, "x" * 64, Extras(quota="9" * 40, admin=True))
CREATED = UserCreated(
    ACCOUNT, ADDRESS, PING * 5, verified=False, missing=("It is not listed. " * 20, "Nor is that.")
)

VIEWS: dict[str, View] = {
    "no domains": find_domains.window(a_page(0, 0)),
    "one domain": find_domains.window(a_page(1, 1)),
    "a hundred domains": find_domains.window(a_page(10, 100, 90)),
    "ten thousand domains": find_domains.window(a_page(10, 10_000, 5000, text=PING * 40)),
    "no match": find_domains.window(replace(a_page(0, 0, text=PING * 40), total=10_000)),
    "manage, asking": manage_domain.window(a_state(1, None)),
    "manage, all there is": manage_domain.window(a_state(3, DomainDetails(ON, 10_000, MESSAGE))),
    "manage, never looked at": manage_domain.window(a_state(4, DomainDetails(OFF, 0))),
    "manage, as a viewer": manage_domain.window(a_state(2, DomainDetails(OFF, 1), may_change=False)),
    "manage, of a box": manage_domain.window(
        replace(a_state(5, DomainDetails(rules=1)), offered=frozenset({Capability.ALIASES}))
    ),
    "settings": domain_settings.form(MailDomain(ACCOUNT, DOMAIN), ON, several=True, problem=MESSAGE),
    "settings, all off": domain_settings.form(MailDomain(ACCOUNT, HEBREW), OFF),
    "settings, saved": domain_settings.done(MailDomain(ACCOUNT, DOMAIN), ON, PING * 20, several=True),
    "records, asking": domain_records.asking(MailDomain(ACCOUNT, DOMAIN), several=True),
    "records, none": domain_records.window(MailDomain(ACCOUNT, DOMAIN), []),
    "records, untold": domain_records.window(
        MailDomain(ACCOUNT, HEBREW), None, [blocks.words(domain_records.UNTOLD)]
    ),
    "records, many": domain_records.window(
        MailDomain(ACCOUNT, DOMAIN),
        [a_record(number) for number in range(100)],
        [blocks.success(MESSAGE), *blocks.problem(MESSAGE)],
        several=True,
    ),
    "add, which account": add_domain.choice({f"{number}{ACCOUNT}": PING * 20 for number in range(120)}),
    "add": add_domain.form(add_domain.Entries(ACCOUNT, "PurelyMail", "code=5a")),
    "add, all there is": add_domain.form(replace(ENTRIES, proof=PROOF), several=True, problem=MESSAGE),
    "add, no record known": add_domain.form(replace(ENTRIES, code=None, name=HEBREW)),
    "first user": first_user.form(
        FIRST, parts(first_user.FORM, Mode.TYPE, WEAK), ALL, problem=MESSAGE, several=True
    ),
    "first user, empty": first_user.form(
        first_user.Entries(ACCOUNT, "Mail-in-a-Box"), parts(first_user.FORM), frozenset()
    ),
    "first user, made": first_user.done(CREATED, PASSWORD, several=True),
}


@pytest.mark.parametrize("name", VIEWS)
def test_slack_takes_the_window_and_nobody_is_pinged(name: str) -> None:
    view = json.loads(json.dumps(VIEWS[name].to_dict()))
    assert view_problems(view) == []
    assert PING not in mrkdwn(view["blocks"])


@pytest.mark.parametrize("name", VIEWS)
def test_no_entity_is_cut_in_two(name: str) -> None:
    for text in _mrkdwn(VIEWS[name].to_dict()["blocks"]):
        for start, character in enumerate(text):
            if character == "&":
                assert text[start:].startswith(("&amp;", "&lt;", "&gt;")), text[start - 20 : start + 20]


@pytest.mark.parametrize("name", VIEWS)
def test_no_password_is_in_metadata(name: str) -> None:
    assert PASSWORD.value not in VIEWS[name].to_dict().get("private_metadata", "")


def _mrkdwn(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [str(value["text"])] if value.get("type") == "mrkdwn" else []
        return own + [text for part in value.values() for text in _mrkdwn(part)]
    if isinstance(value, list):
        return [text for part in value for text in _mrkdwn(part)]
    return []
