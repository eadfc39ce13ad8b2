"""The simulated box has the quirks of a real one, seen as any client sees them."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from bot.sandbox.mailinabox import BoxUser, sandbox_box
from tests.support.box_api import ALICE, BOB, CRASHED, PASSWORD, BoxApi, asked_box, small_box

ADD = "POST /mail/users/add"


@pytest.fixture
async def api() -> AsyncIterator[BoxApi]:
    async with asked_box(small_box()) as api:
        yield api


async def add(api: BoxApi, email: str, **more: str) -> httpx.Response:
    return await api.post("/mail/users/add", {"email": email, "password": PASSWORD, **more})


async def test_privileges_are_read_from_the_field_of_that_name_only(api: BoxApi) -> None:
    assert (await add(api, "frank@acme.example", privilege="admin")).text == "mail user added\n"
    assert (await add(api, "grace@acme.example", privileges="admin")).text == "mail user added\n"
    listed = await api.listed()
    assert listed["frank@acme.example"]["privileges"] == []
    assert listed["grace@acme.example"]["privileges"] == ["admin"]


async def test_privileges_may_be_several_and_none_of_them_blank(api: BoxApi) -> None:
    assert (await add(api, "grace@acme.example", privileges="admin\nother")).status_code == 200
    assert (await api.listed())["grace@acme.example"]["privileges"] == ["admin", "other"]
    refused = await add(api, "heidi@acme.example", privileges="admin\n ")
    assert (refused.status_code, refused.text) == (400, "That's not a valid privilege ( ).")


async def test_first_and_last_address_of_a_domain_move_the_dns(api: BoxApi) -> None:
    zoe = "zoe@zeta.example"
    assert (await add(api, zoe)).text == "mail user added\nupdated DNS: zeta.example\nweb updated\n"
    assert (await add(api, "yves@zeta.example")).text == "mail user added\n"
    assert (
        await api.post("/mail/users/remove", {"email": "yves@zeta.example"})
    ).text == "mail user removed\n"
    gone = await api.post("/mail/users/remove", {"email": zoe})
    assert gone.text == "mail user removed\nupdated DNS: DNS configuration\nweb updated\n"


async def test_domain_below_another_is_in_that_ones_zone(api: BoxApi) -> None:
    said = await add(api, "zoe@shop.acme.example")
    assert said.text == "mail user added\nupdated DNS: acme.example\nweb updated\n"
    assert (await api.get("/dns/zones")).json() == ["example.com", "acme.example"]


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/mail/users/add", {"email": "pat@new.example", "password": PASSWORD}),
        ("/mail/users/quota", {"email": ALICE}),
    ],
)
async def test_failing_recalculation_is_a_500_after_the_fact(
    api: BoxApi, path: str, form: dict[str, str]
) -> None:
    api.box.recalculation_fails = True
    failed = await api.post(path, {**form, "quota": "1G"})
    assert failed.status_code == 500
    assert CRASHED in failed.text
    assert (await api.listed())[form["email"]]["quota"] == "1G"
    assert api.simulator.effective(f"POST {path}") == [{**form, "quota": "1G"}]
    again = await api.post("/mail/users/add", {"email": form["email"], "password": PASSWORD})
    assert (again.status_code, again.text) == (400, "User already exists.")


async def test_quota_without_a_value_is_a_500_that_changes_nothing(api: BoxApi) -> None:
    assert (await api.post("/mail/users/quota", {"email": BOB})).status_code == 500
    assert (await api.listed())[BOB]["quota"] == "500M"
    assert api.simulator.effective("POST /mail/users/quota") == []


async def test_usage_is_told_as_the_box_tells_it(api: BoxApi) -> None:
    bob = (await api.listed())[BOB]
    assert bob == {
        "box_quota": 524288000,
        "box_size": "19.1M",
        "email": BOB,
        "percent": "  4%",
        "privileges": [],
        "quota": "500M",
        "status": "active",
    }
    api.box.mailboxes[BOB].quota = 0
    assert (await api.listed())[BOB]["percent"] == "Error"
    assert (await api.listed())[ALICE]["percent"] == ""
    assert (await api.post("/mail/users/quota", {"email": ALICE, "quota": " 2g "})).text == "OK"
    assert [(await api.listed())[ALICE][key] for key in ("quota", "percent", "box_size")] == ["2G", "?", "?"]


@pytest.mark.parametrize(
    ("size", "told"),
    [(0, "0.0"), (99, "99.0"), (100, "100"), (1024, "1.0K"), (150 * 1024, "150K"), (3 * 1024**3, "3.0G")],
)
async def test_sizes_are_written_with_a_unit_and_little_more(api: BoxApi, size: int, told: str) -> None:
    api.box.mailboxes[BOB].used = size
    assert (await api.listed())[BOB]["box_size"] == told


async def test_removed_user_is_archived_where_there_is_a_mailbox_and_else_gone(api: BoxApi) -> None:
    for email in (ALICE, BOB):
        assert (await api.post("/mail/users/remove", {"email": email})).status_code == 200
    listed = await api.listed()
    assert ALICE not in listed
    assert listed[BOB] == {
        "box_quota": "?",
        "box_size": "?",
        "email": BOB,
        "mailbox": "/home/user-data/mail/mailboxes/acme.example/bob",
        "percent": "?",
        "privileges": [],
        "status": "inactive",
    }
    assert (await api.get("/mail/domains")).text == "example.com\n"


async def test_added_again_it_has_its_mailbox_and_nothing_else_of_before(api: BoxApi) -> None:
    api.box.users[BOB].privileges = ["admin"]
    await api.post("/mail/users/remove", {"email": BOB})
    assert (await add(api, BOB)).text.startswith("mail user added\n")
    bob = (await api.listed())[BOB]
    assert [bob[key] for key in ("status", "privileges", "quota", "box_size")] == ["active", [], "0", "19.1M"]


async def test_user_on_the_address_of_an_alias_is_taken(api: BoxApi) -> None:
    form = {"address": "sales@acme.example", "forwards_to": ALICE}
    assert (await api.post("/mail/aliases/add", form)).text == "alias added\n"
    assert (await add(api, "sales@acme.example")).text == "mail user added\n"


async def test_alias_alone_makes_a_mail_domain(api: BoxApi) -> None:
    form = {"address": "info@alias.example", "forwards_to": f"{ALICE}, {BOB}"}
    said = await api.post("/mail/aliases/add", form)
    assert said.text == "alias added\nupdated DNS: alias.example\nweb updated\n"
    assert set((await api.get("/mail/domains")).text.split()) == {
        "example.com",
        "acme.example",
        "alias.example",
    }
    lines = (await api.get("/mail/aliases")).text.split("\n")
    assert f"info@alias.example\t{ALICE},{BOB}\t" in lines
    assert "abuse@alias.example\tadministrator@box.example.com\t" in lines


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"address": " ", "forwards_to": ALICE}, "No email address provided."),
        ({"address": "no", "forwards_to": ALICE}, "Invalid email address (no)."),
        ({"address": "a@acme.example", "forwards_to": "no"}, "Invalid receiver email address (no)."),
        (
            {"address": "a@acme.example", "permitted_senders": "x@y.example"},
            "Invalid permitted sender: x@y.example is not a user on this system.",
        ),
        (
            {"address": "webmaster@acme.example", "forwards_to": ALICE},
            (
                "This alias can only have administrators of this system as destinations because the address is frequently "
                "used for domain control validation."
            ),
        ),
    ],
)
async def test_aliases_that_a_box_refuses(api: BoxApi, form: dict[str, str], said: str) -> None:
    refused = await api.post("/mail/aliases/add", form)
    assert (refused.status_code, refused.text) == (400, said)


@pytest.mark.parametrize(
    "email",
    [
        " a@acme.example",
        "a@acme.example ",
        "a@acme",
        "a..b@acme.example",
        "a@-acme.example",
        "@acme.example",
        "a@x@y.example",
        "a@host.localhost",
        "a@acme.onion",
        "a@acme.123",
        f"{'a' * 255}@acme.example",
        "a@xn--a.example",
        "a@ab--c.example",
        "ä@acme.example",
    ],
)
async def test_what_is_no_address_is_refused_as_such(api: BoxApi, email: str) -> None:
    assert (await add(api, email)).text == "Invalid email address."


async def test_first_account_of_all_may_have_any_name(api: BoxApi) -> None:
    api.box.users.clear()
    key = (api.box.api_key, "")
    form = {"email": "postmaster@acme.example", "password": PASSWORD}
    assert (await api.post("/mail/users/add", form, auth=key)).status_code == 200
    form = {"email": "abuse@acme.example", "password": PASSWORD}
    assert "domain control validation" in (await api.post("/mail/users/add", form, auth=key)).text


async def test_box_without_quotas_says_nothing_of_them(api: BoxApi) -> None:
    api.box.has_quotas = False
    assert (await add(api, "carol@acme.example", quota="nonsense")).status_code == 200
    assert (await api.listed())[BOB] == {"email": BOB, "privileges": [], "status": "active"}
    assert (await api.get("/mail/users/quota", params={"email": BOB})).status_code == 404
    assert (await api.post("/mail/users/quota", {"email": BOB, "quota": "1G"})).status_code == 404


async def test_dump_has_what_a_domain_should_publish(api: BoxApi) -> None:
    zones = dict((await api.get("/dns/dump")).json())
    assert list(zones) == ["example.com", "acme.example"]
    told = {(one["qname"], one["rtype"]): one for one in zones["acme.example"]}

    def wanted(qname: str, rtype: str) -> tuple[str, str]:
        one = told[qname, rtype]
        return one["value"], one["explanation"].partition(" ")[0]

    assert wanted("acme.example", "MX") == ("10 box.example.com.", "Required.")
    assert wanted("acme.example", "A") == ("192.0.2.10", "Required.")
    assert wanted("acme.example", "TXT") == ("v=spf1 mx -all", "Recommended.")
    assert wanted("_dmarc.acme.example", "TXT") == ("v=DMARC1; p=quarantine;", "Recommended.")
    assert wanted("_caldavs._tcp.acme.example", "SRV") == ("0 0 443 box.example.com.", "Recommended.")
    dkim, word = wanted("mail._domainkey.acme.example", "TXT")
    assert dkim.startswith("v=DKIM1; h=sha256; k=rsa; s=email; p=")
    assert word == "Recommended."
    assert ("acme.example", "NS") not in told
    order = [one["explanation"].partition(" ")[0] for one in zones["acme.example"]]
    assert order.index("Recommended.") > max(i for i, word in enumerate(order) if word == "Required.")
    host = {(one["qname"], one["rtype"]): one["value"] for one in zones["example.com"]}
    assert host["box.example.com", "A"] == "192.0.2.10"
    assert host["_25._tcp.box.example.com", "TLSA"].startswith("3 1 1 ")


@pytest.mark.parametrize(
    ("path", "found"),
    [("/mail/users/", 404), ("/mail/nope", 404), ("/mail/users/add", 405), ("/system/version", 200)],
)
async def test_paths_and_verbs_are_exact(api: BoxApi, path: str, found: int) -> None:
    assert (await api.get(path)).status_code == found


async def test_outside_of_admin_only_the_web_server_answers(api: BoxApi) -> None:
    answer = await api.client.get(api.simulator.url.removesuffix("/admin") + "/mail/users")
    assert answer.status_code == 404
    assert "nginx" in answer.text


async def test_made_up_box_holds_an_admin_quotas_usage_and_archived_users() -> None:
    async with asked_box(sandbox_box()) as api:
        credentials = (sandbox_box().api_key, "")
        domains = (await api.get("/mail/users", params={"format": "json"}, auth=credentials)).json()
    users: list[dict[str, Any]] = [user for domain in domains for user in domain["users"]]
    assert [domain["domain"] for domain in domains] == [
        "riverside.example",
        "millbakery.example",
        "oaklane.example",
    ]
    assert sum(user["privileges"] == ["admin"] for user in users) == 2
    assert sum(user["status"] == "inactive" for user in users) == 3
    assert {user["percent"] for user in users} >= {"", " 24%", " 95%"}


def test_box_forgets_no_password_in_what_it_shows_of_itself() -> None:
    assert PASSWORD not in repr(small_box())
    assert PASSWORD not in repr(BoxUser(ALICE, PASSWORD))


async def test_alias_that_only_sends_forwards_to_nothing(api: BoxApi) -> None:
    form = {"address": "team@acme.example", "permitted_senders": ALICE}
    assert (await api.post("/mail/aliases/add", form)).text == "alias added\n"
    domains = (await api.get("/mail/aliases", params={"format": "json"})).json()
    (team,) = [one for domain in domains for one in domain["aliases"] if one["address"].startswith("team@")]
    assert (team["forwards_to"], team["permitted_senders"]) == ([""], [ALICE])


async def test_domain_of_other_letters_is_listed_in_them(api: BoxApi) -> None:
    await add(api, "ute@xn--bcher-kva.example")
    domains = (await api.get("/mail/users", params={"format": "json"})).json()
    assert [domain["domain"] for domain in domains] == ["example.com", "acme.example", "bücher.example"]
    assert "xn--bcher-kva.example" in (await api.get("/mail/domains")).text.split()
    lines = (await api.get("/mail/aliases")).text.split("\n")
    assert "@bücher.example\t@xn--bcher-kva.example\t" in lines
