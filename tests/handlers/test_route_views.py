"""The windows about routing at their extremes, before the emulator's strict judge."""

import re
from dataclasses import replace

import pytest
from slack_sdk.models.views import View

from bot.model import Capability, MailDomain, Target, TargetKind
from bot.providers.base import LONGEST_LABEL, RoutingRule
from bot.routes import Listing, Preview, RouteKind
from bot.sandbox.slack.strict import view_problems
from handlers import blocks, create_route, mail_routes, route_words
from handlers.create_route import Entries, Offer
from handlers.mail_routes import Page, matching
from tests.support.nasty import ACCOUNT, ADDRESS, DOMAIN, MESSAGE, NOW, PING, mrkdwn

LOCAL = "x" * 64
IDN = "xn--mnchen-3ya.example"
RTL = "xn--4dbrk0ce.example"  # ישראל
PLAIN = RoutingRule(
    "1", "acme.example", "team", prefix=False, catchall=False, targets=("a@x.example", "b@x.example")
)
NASTY = RoutingRule(
    "9007199254740993",
    DOMAIN,
    f"&{PING}{'&' * 40}",
    prefix=True,
    catchall=False,
    targets=(ADDRESS,) * 100,
    senders=(ADDRESS,) * 9,
)
RULES = [
    PLAIN,
    replace(PLAIN, match=LOCAL, domain=DOMAIN, targets=(f"{LOCAL}@{DOMAIN}",) * 7),
    replace(PLAIN, match="", prefix=True, catchall=True, domain=IDN),
    replace(PLAIN, match="", prefix=True, domain=RTL, targets=("שלום@x.example", f"info@{RTL}")),
    replace(PLAIN, id="postmaster@acme.example", automatic=True),
    replace(PLAIN, targets=()),
    NASTY,
]
ALL = frozenset({Capability.ALIASES, Capability.ROUTING_RULES})
DOMAINS = [MailDomain(ACCOUNT, f"d{number}.{DOMAIN}") for number in range(101)]
SEEN = Preview(
    ACCOUNT,
    NASTY,
    robbed=(ADDRESS,) * 5,
    robbed_count=10_000,
    stronger=(NASTY,) * 10_000,
    weaker=(NASTY,) * 20,
    unknown=(ADDRESS,) * 100,
    circular=(ADDRESS,) * 100,
    leaving=True,
)
ENTRIES = Entries(
    f"{DOMAINS[3].name} {ACCOUNT}"[:150], RouteKind.PREFIX, "x" * 320, "\n".join([f"{LOCAL}@{DOMAIN}"] * 40)
)


def a_page(total: int, rules: list[RoutingRule], *, text: str = "") -> Page:
    return Page(
        text,
        [(ACCOUNT, rule) for rule in rules],
        total,
        total,
        hidden=total,
        failed=[Listing(ACCOUNT, (), NOW if total else None, MESSAGE)] * 9,
        queued={Target(ACCOUNT, TargetKind.ROUTING_RULE, PLAIN.id)},
        noun=route_words.noun(ALL),
        several=True,
    )


VIEWS: dict[str, View] = {
    "none": mail_routes.window(a_page(0, [])),
    "one": mail_routes.window(a_page(1, [PLAIN])),
    "100": mail_routes.window(a_page(100, [*RULES, *RULES][:10])),
    "10,000, all nasty": mail_routes.window(a_page(10_000, [NASTY] * 10, text=PING * 40)),
    "of a viewer": mail_routes.window(replace(a_page(7, RULES), may_change=False)),
    "form": create_route.form(Offer(DOMAINS[:100], ALL, several=True), ENTRIES, top=blocks.problem(MESSAGE)),
    "form, empty": create_route.form(Offer(DOMAINS[:1], ALL), Entries()),
    "form, more domains than a select holds": create_route.form(Offer(DOMAINS, ALL), ENTRIES),
    "form, no domains": create_route.form(Offer(), Entries()),
    "form of a box": create_route.form(
        Offer(DOMAINS[:1], {Capability.ALIASES}), Entries(kind=RouteKind.PREFIX)
    ),
    "preview": create_route.form(
        Offer(DOMAINS[:100], ALL, several=True),
        ENTRIES,
        top=route_words.preview(SEEN, "Mail-in-a-Box"),
        seen="f" * 32,
    ),
    "created": create_route.done(NASTY, "PurelyMail"),
} | {
    f"preview of {kind}": create_route.form(
        Offer(DOMAINS[:1], ALL),
        Entries(kind=kind),
        top=route_words.preview(
            Preview(
                "main",
                replace(PLAIN, prefix=kind is not RouteKind.EXACT),
                robbed=("a@x.example",),
                robbed_count=1,
            ),
            "PurelyMail",
        ),
        seen="f" * 32,
    )
    for kind in RouteKind
}


@pytest.mark.parametrize("name", VIEWS)
def test_slack_takes_the_window_and_nobody_is_pinged(name: str) -> None:
    view = VIEWS[name].to_dict()
    assert view_problems(view) == []
    assert PING not in mrkdwn(view["blocks"])


@pytest.mark.parametrize("name", VIEWS)
def test_nothing_is_cut_in_the_middle_of_an_entity(name: str) -> None:
    shown = mrkdwn(VIEWS[name].to_dict()["blocks"])
    assert re.findall(r"&(?!amp;|lt;|gt;)[^\s]{0,6}", shown) == []


@pytest.mark.parametrize("rule", [*RULES, replace(NASTY, catchall=True)])
def test_label_fits_where_it_is_stored_and_ends_as_it_would(rule: RoutingRule) -> None:
    assert len(rule.label) <= LONGEST_LABEL
    if len(rule.targets) > 3:
        assert re.search(r"and \d+ more( \(catch-all\))?$", rule.label)


def test_domain_is_found_and_shown_in_the_letters_of_its_owner() -> None:
    listings = [Listing("main", tuple(RULES), NOW)]
    ((_, rule),) = matching(listings, "münchen")
    assert rule.domain == IDN
    assert "*münchen.example*" in mrkdwn(
        mail_routes.window(Page("", [("main", rule)], 1, 1)).to_dict()["blocks"]
    )


def test_one_rule_is_counted_in_the_singular() -> None:
    assert "1 routing rule." in str(mail_routes.window(Page("", [("main", PLAIN)], 1, 1)).to_dict())
