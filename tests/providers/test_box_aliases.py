"""Aliases of a box as routing rules: the real client against the simulator, over HTTP."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from pydantic import SecretStr

from bot.errors import AlreadyExists, NotPossible, ProviderConfused, ProviderRefused
from bot.model import Capability
from bot.providers.base import RoutingRule
from bot.providers.mailinabox import MailInABox
from bot.sandbox.mailinabox.data import BoxAlias
from tests.support.box_api import ADMIN, ADMIN_PASSWORD, ALICE, BOB, BoxApi, asked_box, small_box
from tests.support.tiny_box import Canned, tiny_box

TEAM = RoutingRule("", "acme.example", "team", prefix=False, catchall=False, targets=(ALICE, BOB))
CATCH_ALL = replace(TEAM, match="", prefix=True, catchall=True)


@pytest.fixture
async def api() -> AsyncIterator[BoxApi]:
    async with asked_box(small_box()) as api:
        yield api


@pytest.fixture
async def box(api: BoxApi) -> AsyncIterator[MailInABox]:
    client = client_for(api.simulator.url)
    yield client
    await client.aclose()


def client_for(url: str) -> MailInABox:
    return MailInABox("box", base_url=url, login=ADMIN, password=SecretStr(ADMIN_PASSWORD), timeout=5.0)


async def made_by_hand(box: MailInABox) -> list[RoutingRule]:
    return [rule for rule in await box.list_routing_rules() if not rule.automatic]


def test_a_box_has_aliases_and_no_routing_rules() -> None:
    box = client_for("http://127.0.0.1:9/admin")
    assert box.capabilities & {Capability.ALIASES, Capability.ROUTING_RULES} == {Capability.ALIASES}


@pytest.mark.parametrize(
    ("rule", "address"), [(TEAM, "team@acme.example"), (CATCH_ALL, "@acme.example")], ids=["one", "catch-all"]
)
async def test_alias_is_listed_as_it_was_made_and_goes_by_its_address(
    box: MailInABox, api: BoxApi, rule: RoutingRule, address: str
) -> None:
    await box.create_routing_rule(rule)
    assert api.box.aliases[address].forwards_to == [ALICE, BOB]
    assert await made_by_hand(box) == [replace(rule, id=address)]
    await box.delete_routing_rule(address)
    assert api.box.aliases == {}
    assert await made_by_hand(box) == []


@pytest.mark.parametrize(
    "rule",
    [replace(TEAM, match="team-", prefix=True), replace(CATCH_ALL, catchall=False)],
    ids=["prefix", "any"],
)
async def test_what_a_box_can_not_have_is_not_asked_for(
    box: MailInABox, api: BoxApi, rule: RoutingRule
) -> None:
    with pytest.raises(NotPossible, match="It can't have"):
        await box.create_routing_rule(rule)
    assert api.simulator.calls == []


async def test_second_alias_of_an_address_is_refused_and_the_first_stays(
    box: MailInABox, api: BoxApi
) -> None:
    await box.create_routing_rule(TEAM)
    with pytest.raises(AlreadyExists, match="has an alias already"):
        await box.create_routing_rule(replace(TEAM, targets=(ALICE,)))
    assert api.box.aliases["team@acme.example"].forwards_to == [ALICE, BOB]


async def test_targets_in_other_letters_are_read_as_they_are_in_the_dns(box: MailInABox, api: BoxApi) -> None:
    idn = replace(TEAM, targets=("info@xn--mnchen-3ya.example",))
    await box.create_routing_rule(idn)
    listed = (await api.get("/mail/aliases", params={"format": "json"})).text
    assert "m\\u00fcnchen.example" in listed
    (rule,) = await made_by_hand(box)
    assert rule.content == idn.content


async def test_aliases_that_the_box_keeps_are_marked(box: MailInABox) -> None:
    kept = {rule.id for rule in await box.list_routing_rules() if rule.automatic}
    assert kept == {
        "hostmaster@box.example.com",
        *(f"{name}@{domain}" for name in ("abuse", "admin", "postmaster") for domain in ("acme.example",)),
        *(f"{name}@example.com" for name in ("abuse", "admin", "postmaster")),
    }
    with pytest.raises(ProviderRefused, match="not an alias"):
        await box.delete_routing_rule("postmaster@acme.example")


async def test_alias_that_only_permits_senders_has_no_target_and_other_senders_make_another_one(
    box: MailInABox, api: BoxApi
) -> None:
    api.box.aliases["news@acme.example"] = BoxAlias("news@acme.example", [], [ALICE])
    (rule,) = await made_by_hand(box)
    assert (rule.targets, rule.senders) == ((), (ALICE,))
    assert rule.label == "news@acme.example → nobody"
    assert rule.content != replace(rule, senders=(BOB,)).content


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'[{"domain": "acme.example"}]',
        b'[{"aliases": [{"address": "team@acme.example"}]}]',
        b'[{"aliases": [{"address": "team", "forwards_to": []}]}]',
        b'[{"aliases": [{"address": "team@acme.example", "forwards_to": [3]}]}]',
        b'[{"aliases": [{"address": "team\\u202e@acme.example", "forwards_to": []}]}]',
        b'[{"aliases": [{"address": "t@acme.example", "forwards_to": [], "permitted_senders": "x"}]}]',
    ],
)
async def test_list_that_makes_no_sense_is_none(body: bytes) -> None:
    async with tiny_box() as server:
        server.answers["GET /admin/mail/aliases"] = Canned(200, body)
        box = client_for(server.url)
        with pytest.raises(ProviderConfused, match="/mail/aliases"):
            await box.list_routing_rules()
        await box.aclose()
