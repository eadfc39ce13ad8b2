"""Which rules are about the same addresses, and which of two applies."""

from dataclasses import replace

import pytest

from bot.providers.base import RoutingRule
from bot.routes import RouteKind, Wanted, find, is_stronger, matches, overlap

EXACT = RoutingRule("1", "acme.example", "sales-eu", prefix=False, catchall=False, targets=("a@x.example",))
PREFIX = replace(EXACT, id="2", match="sales-", prefix=True)
LONGER = replace(PREFIX, id="3", match="sales-e")
CATCH_ALL = replace(PREFIX, id="4", match="", catchall=True)
ANY = replace(CATCH_ALL, id="5", catchall=False)
ELSEWHERE = replace(ANY, id="6", domain="other.example")


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        (EXACT, RouteKind.EXACT),
        (PREFIX, RouteKind.PREFIX),
        (CATCH_ALL, RouteKind.CATCH_ALL),
        (ANY, RouteKind.ANY),
    ],
)
def test_kind_of_a_rule_is_the_one_that_it_was_wanted_with(rule: RoutingRule, kind: RouteKind) -> None:
    assert RouteKind.of(rule) is kind
    wanted = Wanted("main", rule.domain, kind, rule.match, rule.targets)
    assert wanted.rule == replace(rule, id="")


@pytest.mark.parametrize(
    ("rule", "address", "about"),
    [
        (EXACT, "sales-eu@acme.example", True),
        (EXACT, "sales-eux@acme.example", False),
        (EXACT, "sales-eu@other.example", False),
        (PREFIX, "sales-@acme.example", True),
        (PREFIX, "sales-us@acme.example", True),
        (PREFIX, "sales@acme.example", False),
        (ANY, "whoever@acme.example", True),
        (ANY, "whoever@sub.acme.example", False),
    ],
)
def test_rule_is_about_the_addresses_that_it_names(rule: RoutingRule, address: str, about: bool) -> None:
    assert matches(rule, address) is about


@pytest.mark.parametrize("one", [EXACT, PREFIX, LONGER, CATCH_ALL, ANY])
@pytest.mark.parametrize("other", [EXACT, PREFIX, LONGER, CATCH_ALL, ANY])
def test_of_nested_rules_each_two_overlap_and_at_most_one_is_the_stronger(
    one: RoutingRule, other: RoutingRule
) -> None:
    assert overlap(one, other)
    assert not (is_stronger(one, other) and is_stronger(other, one))


def test_rules_apply_the_exact_one_first_and_then_the_longer_prefix() -> None:
    order = [EXACT, LONGER, PREFIX, ANY]
    assert all(is_stronger(one, other) for n, one in enumerate(order) for other in order[n + 1 :])


@pytest.mark.parametrize(
    "other", [ELSEWHERE, replace(EXACT, match="support"), replace(PREFIX, match="support-")]
)
def test_rules_about_other_addresses_do_not_overlap(other: RoutingRule) -> None:
    assert not overlap(EXACT, other)
    assert not overlap(other, PREFIX)


def test_only_a_rule_with_the_same_pattern_is_in_the_way() -> None:
    rules = [EXACT, PREFIX, CATCH_ALL, ELSEWHERE]
    assert find(rules, replace(PREFIX, id="", targets=("b@x.example",))) is PREFIX
    assert find(rules, ANY) is CATCH_ALL
    assert find(rules, LONGER) is None
