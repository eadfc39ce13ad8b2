"""Domains and routing rules at PurelyMail: listed, deleted, and what may go wrong with it."""

from typing import Any

import pytest

from bot.errors import NotFound, ProviderConfused, ProviderError, ProviderRefused, ProviderUnavailable
from bot.providers.base import RoutingRule
from bot.providers.purelymail import PurelyMail
from bot.sandbox.purelymail import PurelyMailSimulator
from tests.providers.conftest import Waits, client_for

ACME = "acme-tools.example"
LARGE = 9007199254740993
"""2**53 + 1: a double can't hold it."""

WIRE: dict[str, Any] = {
    "id": 7,
    "domainName": "acme.example",
    "prefix": False,
    "matchUser": "team",
    "targetAddresses": ["a@x.example"],
    "catchall": False,
}

CALLS = [("deleteDomain", ACME), ("deleteRoutingRule", "4001")]


async def delete(purelymail: PurelyMail, operation: str, target: str) -> None:
    if operation == "deleteDomain":
        await purelymail.delete_domain(target)
    else:
        await purelymail.delete_routing_rule(target)


def holds(simulator: PurelyMailSimulator, target: str) -> bool:
    return target in simulator.account.domains or (
        target.isdigit() and int(target) in simulator.account.rules
    )


# -- what it does -----------------------------------------------------------------------------------------------


async def test_routing_rules_are_listed_in_our_words(purelymail: PurelyMail) -> None:
    rules = await purelymail.list_routing_rules()
    assert [rule.label for rule in rules] == [
        "sales-*@acme-tools.example → sales@acme-tools.example, rosa.garcia@acme-tools.example",
        "team@acme-tools.example → sales@acme-tools.example, support@acme-tools.example",
        "order@fjordbooks.example → orders@fjordbooks.example",
        "silent.booking@lindenhof.example → rezeption@lindenhof.example",
        "*@newshop.example → hello@newshop.example (catch-all)",
        "*@oldbrand.example → archive@oldbrand.example",
    ]
    assert rules[1] == RoutingRule(
        "4001",
        ACME,
        "team",
        prefix=False,
        catchall=False,
        targets=("sales@acme-tools.example", "support@acme-tools.example"),
    )


@pytest.mark.parametrize("number", [4001, LARGE])
async def test_deleted_rule_is_gone_and_the_others_stay(
    purelymail: PurelyMail, simulator: PurelyMailSimulator, number: int
) -> None:
    before = {rule.id for rule in await purelymail.list_routing_rules()}
    await purelymail.delete_routing_rule(str(number))
    assert {rule.id for rule in await purelymail.list_routing_rules()} == before - {str(number)}
    assert simulator.effective("deleteRoutingRule") == [{"routingRuleId": number}]


async def test_deleted_domain_takes_its_users_and_rules_along_and_no_others(
    purelymail: PurelyMail, simulator: PurelyMailSimulator
) -> None:
    rules = {rule.id for rule in await purelymail.list_routing_rules() if rule.domain != ACME}
    users = {address for address in simulator.account.users if not address.endswith(f"@{ACME}")}
    await purelymail.delete_domain(ACME)
    assert ACME not in {domain.name for domain in await purelymail.list_domains()}
    assert (await purelymail.list_users()).addresses == users
    assert {rule.id for rule in await purelymail.list_routing_rules()} == rules
    assert simulator.effective("deleteDomain") == [{"name": ACME}]


async def test_nobody_is_protected_and_nobody_is_asked(
    purelymail: PurelyMail, simulator: PurelyMailSimulator
) -> None:
    assert await purelymail.protected_users() == {}
    assert simulator.calls == []


async def test_absent_domain_and_rule_are_refused(
    purelymail: PurelyMail, simulator: PurelyMailSimulator
) -> None:
    with pytest.raises(ProviderRefused, match=r"^PurelyMail refused: "):
        await purelymail.delete_domain("nowhere.example")
    with pytest.raises(ProviderRefused, match=r"^PurelyMail refused: "):
        await purelymail.delete_routing_rule("999")
    assert [call["effect"] for call in simulator.calls] == [False, False]


@pytest.mark.parametrize("rule_id", ["", "team", "4001 ", "4_001", "40.01", "٤٠٠١", "1" * 20])
async def test_id_that_no_rule_can_have_is_not_sent(
    purelymail: PurelyMail, simulator: PurelyMailSimulator, rule_id: str
) -> None:
    with pytest.raises(NotFound, match="no routing rule with such an id"):
        await purelymail.delete_routing_rule(rule_id)
    assert simulator.calls == []


# -- answers that make no sense ---------------------------------------------------------------------------------


@pytest.mark.parametrize("key", sorted(WIRE))
async def test_rule_without_one_of_its_fields_is_confusing(
    purelymail: PurelyMail, simulator: PurelyMailSimulator, key: str
) -> None:
    rule = {name: value for name, value in WIRE.items() if name != key}
    await confused_by_rules(purelymail, simulator, [rule])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("id", True),
        ("id", "7"),
        ("id", 7.0),
        ("id", None),
        ("domainName", ""),
        ("domainName", 5),
        ("prefix", "false"),
        ("prefix", 0),
        ("matchUser", None),
        ("matchUser", "team\n"),
        ("matchUser", "\ud800"),
        ("catchall", None),
        ("targetAddresses", "a@x.example"),
        ("targetAddresses", [None]),
        ("targetAddresses", [["a@x.example"]]),
        ("targetAddresses", {"a@x.example": 1}),
    ],
)
async def test_rule_with_a_field_of_another_type_is_confusing(
    purelymail: PurelyMail, simulator: PurelyMailSimulator, key: str, value: object
) -> None:
    await confused_by_rules(purelymail, simulator, [WIRE, WIRE | {key: value}])


@pytest.mark.parametrize("rules", [None, {}, "rules", [None], ["4001"], [[]], [7]])
async def test_rules_that_are_no_list_of_objects_are_confusing(
    purelymail: PurelyMail, simulator: PurelyMailSimulator, rules: object
) -> None:
    await confused_by_rules(purelymail, simulator, rules)


async def confused_by_rules(purelymail: PurelyMail, simulator: PurelyMailSimulator, rules: object) -> None:
    simulator.inject("listRoutingRules", 1, {"body": {"type": "success", "result": {"rules": rules}}})
    with pytest.raises(ProviderConfused, match="answer to listRoutingRules that makes no sense") as caught:
        await purelymail.list_routing_rules()
    assert not caught.value.unclear


async def test_rule_may_have_more_fields_upper_case_and_no_targets(
    purelymail: PurelyMail, simulator: PurelyMailSimulator
) -> None:
    rule = WIRE | {"domainName": "Acme.Example", "matchUser": "Team", "targetAddresses": [], "note": "?"}
    simulator.inject("listRoutingRules", 1, {"body": {"result": {"rules": [rule]}}})
    assert await purelymail.list_routing_rules() == [
        RoutingRule("7", "acme.example", "team", prefix=False, catchall=False, targets=())
    ]


@pytest.mark.parametrize("name", [None, "", 5, ["acme.example"]])
async def test_domain_without_a_name_is_confusing(
    purelymail: PurelyMail, simulator: PurelyMailSimulator, name: object
) -> None:
    simulator.inject("listDomains", 1, {"body": {"result": {"domains": [{"name": name}]}}})
    with pytest.raises(ProviderConfused, match="answer to listDomains"):
        await purelymail.list_domains()


# -- failures, and whether they left their effect -----------------------------------------------------------------


@pytest.mark.parametrize(("operation", "target"), CALLS)
@pytest.mark.parametrize(
    ("fault", "error", "gone"),
    [
        ({"status": 503}, ProviderUnavailable, False),
        ({"drop_response": True}, ProviderUnavailable, True),
        ({"body": "<html>?</html>"}, ProviderConfused, False),
        ({"body": {"type": "success", "result": []}}, ProviderConfused, False),
    ],
)
async def test_deletion_of_unclear_outcome_says_so_and_is_sent_once(
    purelymail: PurelyMail,
    simulator: PurelyMailSimulator,
    waits: Waits,
    operation: str,
    target: str,
    fault: dict[str, Any],
    error: type[ProviderError],
    gone: bool,
) -> None:
    simulator.inject(operation, 1, fault)
    with pytest.raises(error) as caught:
        await delete(purelymail, operation, target)
    assert caught.value.unclear
    assert waits.seconds == []
    (call,) = simulator.calls
    assert call["effect"] is gone
    assert call["status"] == fault.get("status", 200)
    assert holds(simulator, target) is not gone


@pytest.mark.parametrize(("operation", "target"), CALLS)
async def test_deletion_that_only_says_success_shows_in_the_next_look(
    purelymail: PurelyMail, simulator: PurelyMailSimulator, operation: str, target: str
) -> None:
    simulator.inject(operation, 1, {"silent_success": True})
    await delete(purelymail, operation, target)
    assert simulator.effective(operation) == []
    assert ACME in {domain.name for domain in await purelymail.list_domains()}
    assert "4001" in {rule.id for rule in await purelymail.list_routing_rules()}


@pytest.mark.parametrize(("operation", "target"), CALLS)
async def test_late_deletion_is_unclear_to_us_and_happens(
    simulator: PurelyMailSimulator, waits: Waits, operation: str, target: str
) -> None:
    simulator.inject(operation, 1, {"delay_seconds": 30.0})
    client = client_for(simulator.url, simulator.credentials["api_token"], waits, timeout=0.2)
    with pytest.raises(ProviderUnavailable, match="did not answer within") as caught:
        await delete(client, operation, target)
    await client.aclose()
    assert caught.value.unclear
    await simulator.stop()  # ends the delay
    assert len(simulator.effective(operation)) == 1
    assert not holds(simulator, target)


@pytest.mark.parametrize("operation", ["listRoutingRules", "listDomains"])
async def test_lists_are_asked_for_again_after_a_failure(
    purelymail: PurelyMail, simulator: PurelyMailSimulator, waits: Waits, operation: str
) -> None:
    simulator.inject(operation, 2, {"status": 503})
    listed = purelymail.list_routing_rules if operation == "listRoutingRules" else purelymail.list_domains
    assert len(await listed()) == 6
    assert waits.seconds == [0.5, 1.0]
    assert [call["effect"] for call in simulator.calls] == [False, False, True]
