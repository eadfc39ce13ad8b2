"""A routing rule in our words: what people read of it, and when two looks at it are the same."""

from dataclasses import replace

import pytest

from bot.providers.base import RoutingRule

TEAM = RoutingRule(
    "4001", "acme.example", "team", prefix=False, catchall=False, targets=("a@x.example", "b@x.example")
)


@pytest.mark.parametrize(
    ("rule", "label"),
    [
        (TEAM, "team@acme.example → a@x.example, b@x.example"),
        (replace(TEAM, match="sales-", prefix=True), "sales-*@acme.example → a@x.example, b@x.example"),
        (replace(TEAM, match="", prefix=True), "*@acme.example → a@x.example, b@x.example"),
        (
            replace(TEAM, match="", prefix=True, catchall=True),
            "*@acme.example → a@x.example, b@x.example (catch-all)",
        ),
        (replace(TEAM, targets=()), "team@acme.example → nobody"),
    ],
)
def test_label_says_whose_mail_goes_where(rule: RoutingRule, label: str) -> None:
    assert rule.label == label


def test_label_names_three_targets_and_counts_the_others() -> None:
    three = replace(TEAM, targets=("a@x.example", "b@x.example", "c@x.example"))
    assert three.label.endswith("→ a@x.example, b@x.example, c@x.example")
    five = replace(TEAM, targets=(*three.targets, "d@x.example", "e@x.example"))
    assert five.label.endswith("→ a@x.example, b@x.example, c@x.example and 2 more")


@pytest.mark.parametrize(
    "other",
    [
        replace(TEAM, domain="other.example"),
        replace(TEAM, match="teams"),
        replace(TEAM, prefix=True),
        replace(TEAM, catchall=True),
        replace(TEAM, targets=("a@x.example",)),
        replace(TEAM, targets=("a@x.example, b@x.example",)),
    ],
)
def test_rule_that_does_something_else_has_another_content(other: RoutingRule) -> None:
    assert other.content != TEAM.content


def test_content_leaves_out_the_id_and_the_order_of_targets() -> None:
    again = replace(TEAM, id="4711", targets=("b@x.example", "a@x.example"))
    assert again.content == TEAM.content
    assert again.targets == ("b@x.example", "a@x.example")
