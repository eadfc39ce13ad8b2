"""The simulator has the quirks of the real service, seen as any client sees them."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from bot.clock import FrozenClock
from bot.model import ProviderVerdict
from bot.sandbox.mail_data import SimulatedDomain
from bot.sandbox.purelymail import TOKEN, PurelyMailSimulator

ANNA = "anna.keller@acme-tools.example"


class Api:
    def __init__(self, simulator: PurelyMailSimulator, client: httpx.AsyncClient) -> None:
        self.simulator = simulator
        self.client = client

    async def call(
        self, operation: str, body: dict[str, Any], *, token: str | None = TOKEN
    ) -> dict[str, Any]:
        headers = {} if token is None else {"Purelymail-Api-Token": token}
        response = await self.client.post(f"/api/v0/{operation}", json=body, headers=headers)
        assert response.status_code == 200
        answer: dict[str, Any] = response.json()
        return answer


@pytest.fixture
async def api(clock: FrozenClock) -> AsyncIterator[Api]:
    async def look(domain: str) -> ProviderVerdict:
        return ProviderVerdict(mx=domain == "oldbrand.example", spf=True, dkim=True, dmarc=True)

    async def owned(domain: str) -> bool:
        return domain == "published.example"

    simulator = PurelyMailSimulator(clock=clock, look=look, owned=owned)
    await simulator.start()
    async with httpx.AsyncClient(base_url=simulator.url, trust_env=False) as client:
        yield Api(simulator, client)
    await simulator.stop()


async def test_missing_and_wrong_tokens_are_refused_with_http_200(api: Api) -> None:
    assert await api.call("listUser", {}, token=None) == {
        "type": "error",
        "code": "invalidToken",
        "message": "Token must be supplied in Purelymail-Api-Token header",
    }
    assert (await api.call("listUser", {}, token="other"))["message"] == "Token not valid."


async def test_unknown_operation_is_a_page_with_404(api: Api) -> None:
    response = await api.client.post(
        "/api/v0/listMailboxes", json={}, headers={"Purelymail-Api-Token": TOKEN}
    )
    assert response.status_code == 404
    assert response.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("field", ["password", "enableTwoFactor", "passwordChangeKey"])
async def test_unknown_fields_succeed_and_change_nothing(api: Api, field: str) -> None:
    before = await api.simulator.snapshot()
    answer = await api.call("modifyUser", {"userName": ANNA, field: "new"})
    assert answer == {"type": "success", "result": {}}
    assert (await api.simulator.snapshot())["users"] == before["users"]


async def test_app_password_needs_the_handle_and_says_success_without_it(api: Api) -> None:
    assert (await api.call("createAppPassword", {"userName": ANNA}))["result"] == {}
    made = (await api.call("createAppPassword", {"userHandle": ANNA}))["result"]["appPassword"]
    assert api.simulator.account.users[ANNA].app_passwords == [made]
    await api.call("deleteAppPassword", {"userName": ANNA, "appPassword": made})
    assert api.simulator.account.users[ANNA].app_passwords == []


async def test_created_user_gets_a_welcome_mail_unless_told_otherwise(api: Api) -> None:
    body = {"userName": "new", "domainName": "acme-tools.example", "password": "x"}
    await api.call("createUser", body)
    assert api.simulator.account.welcomed == ["new@acme-tools.example"]
    assert api.simulator.account.users["new@acme-tools.example"].password_reset


async def test_domain_is_added_only_when_it_is_proven_and_only_once(api: Api) -> None:
    refused = await api.call("addDomain", {"domainName": "unproven.example"})
    assert "DNS ownership checks did not pass" in refused["message"]
    assert (await api.call("addDomain", {"domainName": "published.example"}))["type"] == "success"
    assert (await api.call("addDomain", {"domainName": "published.example"}))[
        "message"
    ] == "Domain already exists"


async def test_dns_flags_move_only_on_a_recheck(api: Api) -> None:
    async def flag() -> bool:
        domains = (await api.call("listDomains", {}))["result"]["domains"]
        (old,) = [domain for domain in domains if domain["name"] == "oldbrand.example"]
        return bool(old["dnsSummary"]["passesMx"])

    await api.call("updateDomainSettings", {"name": "oldbrand.example", "allowAccountReset": False})
    assert not await flag()
    await api.call("updateDomainSettings", {"name": "oldbrand.example", "recheckDns": True})
    assert await flag()


async def test_deleting_a_domain_takes_its_users_and_rules_along(api: Api) -> None:
    await api.call("deleteDomain", {"name": "acme-tools.example"})
    assert not any(address.endswith("@acme-tools.example") for address in api.simulator.account.users)
    domains = {rule["domainName"] for rule in api.simulator.account.rules.values()}
    assert domains == {"fjordbooks.example", "lindenhof.example", "newshop.example", "oldbrand.example"}
    assert len(api.simulator.account.users) > 0


async def test_routing_rules_have_ids_only_in_the_list_and_must_not_clash(api: Api) -> None:
    rule = {"domainName": "newshop.example", "prefix": False, "matchUser": "all", "targetAddresses": [ANNA]}
    assert (await api.call("createRoutingRule", rule))["result"] == {}
    assert (await api.call("createRoutingRule", rule))["type"] == "error"
    rules = (await api.call("listRoutingRules", {}))["result"]["rules"]
    (made,) = [one for one in rules if one["matchUser"] == "all"]
    assert (await api.call("deleteRoutingRule", {"routingRuleId": made["id"]}))["type"] == "success"
    assert (await api.call("deleteRoutingRule", {"routingRuleId": made["id"]}))["type"] == "error"


async def test_reset_methods_come_under_the_key_users(api: Api) -> None:
    method = {"userName": ANNA, "type": "email", "target": "a@b.example"}
    await api.call("upsertPasswordReset", method)
    listed = (await api.call("listPasswordReset", {"userName": ANNA}))["result"]["users"]
    assert listed[-1]["target"] == "a@b.example"
    await api.call("deletePasswordReset", {"userName": ANNA})
    assert (await api.call("listPasswordReset", {"userName": ANNA}))["result"]["users"] == []


async def test_user_can_be_renamed(api: Api) -> None:
    await api.call("modifyUser", {"userName": ANNA, "newUserName": "anna@acme-tools.example"})
    assert ANNA not in api.simulator.account.users
    assert "anna@acme-tools.example" in api.simulator.account.users


async def test_credit_is_a_long_decimal_and_the_ownership_code_a_whole_record(api: Api) -> None:
    assert len((await api.call("checkAccountCredit", {}))["result"]["credit"]) > 60
    code = (await api.call("getOwnershipCode", {}))["result"]["code"]
    assert code.startswith("purelymail_ownership_proof=")


@pytest.mark.parametrize(("word", "effect"), [("refused", False), ("silent", False), ("plain", True)])
async def test_names_make_failures_happen(api: Api, word: str, effect: bool) -> None:
    name = f"{word}.user"
    await api.call("createUser", {"userName": name, "domainName": "newshop.example", "password": "x"})
    assert (f"{name}@newshop.example" in api.simulator.account.users) is effect
    assert api.simulator.calls[-1]["effect"] is effect


@pytest.mark.parametrize(("number", "effect"), [(4005, False), (4004, True)])
async def test_name_of_a_rule_makes_failures_happen(api: Api, number: int, effect: bool) -> None:
    assert (await api.call("deleteRoutingRule", {"routingRuleId": number}))["type"] == "success"
    assert (number not in api.simulator.account.rules) is effect
    assert api.simulator.calls[-1]["effect"] is effect


@pytest.mark.parametrize(
    ("name", "kind"),
    [("refused.example", "error"), ("silent-shop.example", "success"), ("unrefused.example", "success")],
)
async def test_name_of_a_domain_makes_failures_happen(api: Api, name: str, kind: str) -> None:
    verdict = ProviderVerdict(mx=True, spf=True, dkim=True, dmarc=True)
    api.simulator.account.domains[name] = SimulatedDomain(name, verdict)
    assert (await api.call("deleteDomain", {"name": name}))["type"] == kind
    effect = name == "unrefused.example"
    assert (name not in api.simulator.account.domains) is effect
    assert api.simulator.calls[-1]["effect"] is effect


@pytest.mark.parametrize("number", [None, "4001", "four", 4001.5, True, [4001], {}])
async def test_rule_is_found_by_its_number_alone(api: Api, number: object) -> None:
    assert (await api.call("deleteRoutingRule", {"routingRuleId": number}))["type"] == "error"
    assert 4001 in api.simulator.account.rules
    assert api.simulator.calls[-1]["effect"] is False


async def test_snapshot_shows_the_rules(api: Api) -> None:
    await api.call("deleteRoutingRule", {"routingRuleId": 4001})
    rules = (await api.simulator.snapshot())["rules"]
    assert {rule["id"] for rule in rules} == {4002, 4003, 4004, 4005, 9007199254740993}


async def test_unknown_faults_are_refused(api: Api) -> None:
    with pytest.raises(ValueError, match="a fault has the keys"):
        api.simulator.inject("listUser", 1, {"colour": "red"})
    with pytest.raises(ValueError, match="no operation"):
        api.simulator.inject("listMailboxes", 1, {"status": 500})
