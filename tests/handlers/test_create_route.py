"""A new routing rule or alias: nothing is made before its preview was seen, and what is said is read back."""

from datetime import timedelta
from typing import Any

from bot.sandbox.accounts import BOX, Holdings
from bot.sandbox.run import Sandbox
from bot.sandbox.slack.people import Submitted
from bot.sandbox.slack.screen import Screen, text_of
from bot.storage import audit
from bot.storage.database import Database
from handlers.create_route import DOMAIN_ACTION
from tests.support.held import later, opens, refused
from tests.support.systems import on_a_box, on_both, the_box

ACME, NEWSHOP, FJORD = "acme-tools.example", "newshop.example", "fjordbooks.example"
BAKERY = "millbakery.example"
LINDENHOF = "lindenhof.example"
CREATE = "createRoutingRule"
ADD = "POST /mail/aliases/add"
BEN = "ben.osei@acme-tools.example"
LETTERS = "Use a-z, 0-9 and"
NO_RULES = [
    ("exact", "", [BEN], "match", "Type the part before the @"),
    ("exact", "in fo", [BEN], "match", LETTERS),
    ("exact", "info*", [BEN], "match", LETTERS),
    ("exact", ".info", [BEN], "match", LETTERS),
    ("exact", "info@elsewhere.example", [BEN], "match", "Type only the part before the @"),
    ("exact", "x" * 65, [BEN], "match", LETTERS),
    ("exact", "ïnfo", [BEN], "match", LETTERS),
    ("prefix", "*", [BEN], "match", "Type the part before the @"),
    ("any", "info", [BEN], "match", "Leave this empty"),
    ("exact", "info", [], "targets", "Pick a mail user above"),
    ("exact", "info", ["ben.osei"], "targets", "ben.osei is not an address."),
    ("exact", "info", ["ben osei@acme-tools.example"], "targets", "ben is not an address."),
]
KINDS: list[tuple[str, str, str, list[str], dict[str, Any]]] = [
    (
        "exact",
        "Info",
        ACME,
        ["Mail to `info@acme-tools.example` goes to `ben.osei@acme-tools.example`.", "this one address"],
        {"prefix": False, "matchUser": "info", "catchall": False},
    ),
    (
        "prefix",
        "sales-eu-*",
        ACME,
        ["Mail to `sales-eu-*@acme-tools.example` goes to", "that begins with `sales-eu-`"],
        {"prefix": True, "matchUser": "sales-eu-", "catchall": False},
    ),
    (
        "catch_all",
        "",
        FJORD,
        ["Mail to `*@fjordbooks.example` goes to", "that is no mail user"],
        {"prefix": True, "matchUser": "", "catchall": True},
    ),
    (
        "any",
        "",
        LINDENHOF,
        ["Mail to `*@lindenhof.example` goes to", "those of mail users too"],
        {"prefix": True, "matchUser": "", "catchall": False},
    ),
]


async def opens_form(screen: Screen) -> None:
    while screen.windows:
        await screen.close()
    await opens(screen, "/mail-routes")
    await screen.sees("New rule …")
    await screen.press("New rule …")
    await screen.sees("Which addresses")


async def fills(
    screen: Screen, kind: str, match: str, *targets: str, domain: str = ACME, account: str = "main"
) -> Submitted:
    await opens_form(screen)
    await screen.fill("domain", f"{domain} {account}", action_id=DOMAIN_ACTION)
    await screen.fill("kind", kind)
    if match:
        await screen.fill("match", match)
    if targets:
        await screen.fill("targets", "\n".join(targets))
    return await screen.submit()


async def creates(
    screen: Screen, kind: str, match: str, *targets: str, domain: str = ACME, account: str = "main"
) -> None:
    await fills(screen, kind, match, *targets, domain=domain, account=account)
    await screen.sees("*Preview*")
    await screen.submit()
    await screen.sees("Done, and read back")


def asked(sandbox: Sandbox) -> list[dict[str, Any]]:
    return sandbox.purelymail.effective(CREATE)


# -- all four kinds ---------------------------------------------------------------------------------------------


async def test_rules_of_all_kinds_are_previewed_in_plain_words_and_made_as_previewed(
    sandbox: Sandbox, ada: Screen
) -> None:
    before = set(sandbox.purelymail.account.rules)
    for kind, match, domain, told, rule in KINDS:
        await fills(ada, kind, match, "ben.osei@acme-tools.example", domain=domain)
        await ada.sees("*Preview*", *told, "Nothing is changed at PurelyMail yet.")
        assert set(sandbox.purelymail.account.rules) == before
        await ada.submit()
        await ada.sees("Done, and read back from PurelyMail.", told[0])
        wanted = {"domainName": domain, "targetAddresses": ["ben.osei@acme-tools.example"], **rule}
        assert asked(sandbox)[-1] == wanted
        (new,) = set(sandbox.purelymail.account.rules) - before
        assert sandbox.purelymail.account.rules[new] == {"id": new, **wanted}
        before.add(new)
    assert len(asked(sandbox)) == len(KINDS)


async def test_several_targets_are_picked_and_written_and_each_counts_once(
    sandbox: Sandbox, ada: Screen
) -> None:
    await opens_form(ada)
    await ada.fill("domain", f"{ACME} main", action_id=DOMAIN_ACTION)
    await ada.fill("match", "office")
    await ada.choose("users", "ben.osei")
    await ada.choose("users", "hana.sato")
    await ada.fill("targets", "Boss@Elsewhere.example; ben.osei@acme-tools.example,info@münchen.example")
    await ada.submit()
    await ada.sees("*Preview*", "`info@xn--mnchen-3ya.example`")
    await ada.submit()
    await ada.sees("Done, and read back")
    assert asked(sandbox)[0]["targetAddresses"] == [
        "ben.osei@acme-tools.example",
        "hana.sato@acme-tools.example",
        "boss@elsewhere.example",
        "info@xn--mnchen-3ya.example",
    ]


async def test_new_rule_is_in_the_list_at_once(ada: Screen) -> None:
    await creates(ada, "exact", "info", "ben.osei@acme-tools.example")
    await ada.close()
    await ada.sees("7 routing rules.", "`info@acme-tools.example`")
    await ada.fill("search", "in")
    await ada.sees("match “in”")
    await ada.press("New rule …")
    await ada.sees("Which addresses")
    await ada.fill("domain", f"{ACME} main", action_id=DOMAIN_ACTION)
    await ada.fill("match", "inbox")
    await ada.fill("targets", "ben.osei@acme-tools.example")
    await ada.submit()
    await ada.sees("*Preview*")
    await ada.submit()
    await ada.sees("Done, and read back")
    await ada.close()
    await ada.sees("match “in”", "`inbox@acme-tools.example`")


# -- the preview ------------------------------------------------------------------------------------------------


async def test_form_that_was_changed_after_its_preview_is_previewed_again(
    sandbox: Sandbox, ada: Screen
) -> None:
    await fills(ada, "exact", "info", "ben.osei@acme-tools.example")
    await ada.sees("*Preview*", "`info@acme-tools.example`")
    await ada.fill("match", "office")
    await ada.submit()
    await ada.sees("*Preview*", "Mail to `office@acme-tools.example` goes to")
    assert asked(sandbox) == []
    await ada.submit()
    await ada.sees("Done, and read back")
    assert [rule["matchUser"] for rule in asked(sandbox)] == ["office"]


async def test_preview_says_whose_mailbox_would_get_nothing_any_more(ada: Screen) -> None:
    await fills(ada, "exact", "hana.sato", "ben.osei@acme-tools.example")
    await ada.sees("`hana.sato@acme-tools.example` is a mail user: nothing arrives in its mailbox any more")
    await fills(ada, "any", "", "orders@fjordbooks.example", domain=FJORD)
    await ada.sees("Nothing arrives any more in the mailboxes of 7 mail users", "and 2 more")


async def test_preview_warns_of_no_mailbox_that_keeps_its_mail(ada: Screen) -> None:
    await fills(ada, "exact", "hana.sato", "ben.osei@acme-tools.example", "hana.sato@acme-tools.example")
    assert ":warning:" not in text_of((await ada.sees("*Preview*")).content)
    await fills(ada, "catch_all", "", "orders@fjordbooks.example", domain=FJORD)
    assert "Nothing arrives any more" not in text_of((await ada.sees("*Preview*")).content)


async def test_rules_that_it_meets_are_named_by_which_one_applies(ada: Screen) -> None:
    await fills(ada, "prefix", "s", "ben.osei@acme-tools.example")
    await ada.sees("More specific, so that this one does not touch them: `sales-*@acme-tools.example`")
    await fills(ada, "exact", "sales-eu", "ben.osei@acme-tools.example")
    await ada.sees("Less specific, so that this one comes before them: `sales-*@acme-tools.example`")


async def test_target_that_gets_no_mail_is_pointed_out_and_one_that_does_is_not(ada: Screen) -> None:
    await fills(ada, "exact", "info", "ben.ossei@acme-tools.example", "who@elsewhere.example")
    await ada.sees("`ben.ossei@acme-tools.example` is no mail user here, as far as Mailwarden knows")
    await fills(ada, "prefix", "info", "info-all@acme-tools.example")
    await ada.sees("`info-all@acme-tools.example`", "goes round in circles")
    await fills(ada, "exact", "info", "team@acme-tools.example")
    assert ":warning:" not in text_of((await ada.sees("*Preview*")).content)


async def test_domain_that_is_queued_for_deletion_is_pointed_out(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-delete", NEWSHOP)
    await ada.sees("Reason")
    await ada.fill("reason", "the shop is closed")
    await ada.fill("name", NEWSHOP)
    await ada.submit()
    await ada.sees("is queued")
    await fills(ada, "exact", "info", f"hello@{NEWSHOP}", domain=NEWSHOP)
    await ada.sees("`newshop.example` is queued for deletion", "keeps it from being deleted")
    await ada.submit()
    await ada.sees("Done, and read back")
    await later(sandbox, timedelta(hours=24, minutes=1))
    assert NEWSHOP in sandbox.purelymail.account.domains


# -- what is refused --------------------------------------------------------------------------------------------


async def test_what_can_be_no_rule_is_refused_at_its_field(sandbox: Sandbox, ada: Screen) -> None:
    for kind, match, targets, field, told in NO_RULES:
        await refused(ada, await fills(ada, kind, match, *targets), field, told)
    assert asked(sandbox) == []


async def test_second_rule_about_the_same_addresses_is_refused_before_the_preview(
    sandbox: Sandbox, ada: Screen
) -> None:
    for kind, match, domain, field in (
        ("exact", "team", ACME, "match"),
        ("prefix", "sales-", ACME, "match"),
        ("any", "", NEWSHOP, "kind"),
    ):
        submitted = await fills(ada, kind, match, "ben.osei@acme-tools.example", domain=domain)
        await refused(ada, submitted, field, "There is a rule about these addresses already")
    assert asked(sandbox) == []


async def test_rule_that_somebody_else_has_made_since_the_preview_is_refused(
    sandbox: Sandbox, ada: Screen
) -> None:
    await fills(ada, "exact", "info", "ben.osei@acme-tools.example")
    await ada.sees("*Preview*")
    rules = sandbox.purelymail.account.rules
    rules[1] = {**rules[4001], "id": 1, "matchUser": "info"}
    await refused(ada, await ada.submit(), "match", "There is a rule about these addresses already")
    assert asked(sandbox) == []


async def test_viewer_makes_no_rule(sandbox: Sandbox, ada: Screen, vic: Screen) -> None:
    await opens(vic, "/mail-routes")
    window = await vic.sees("6 routing rules.")
    assert "create_route" not in str(window.content)
    del ada
    assert asked(sandbox) == []


# -- what the mail system makes of it ---------------------------------------------------------------------------


async def test_success_that_is_only_claimed_is_not_believed(sandbox: Sandbox, ada: Screen) -> None:
    await fills(ada, "exact", "info", "ben.osei@acme-tools.example")
    await ada.sees("*Preview*")
    sandbox.purelymail.inject(CREATE, 1, {"silent_success": True})
    await ada.submit()
    await ada.sees("reported success, but info@acme-tools.example is not among its rules", "Preview")


async def test_answer_that_is_lost_is_settled_by_looking(sandbox: Sandbox, ada: Screen) -> None:
    await fills(ada, "exact", "info", "ben.osei@acme-tools.example")
    await ada.sees("*Preview*")
    sandbox.purelymail.inject(CREATE, 1, {"drop_response": True})
    await ada.submit()
    await ada.sees("Done, and read back")
    assert len(asked(sandbox)) == 1


async def test_refusal_is_told_in_the_mail_systems_words_and_the_form_stays(
    sandbox: Sandbox, ada: Screen
) -> None:
    await fills(ada, "exact", "info", "ben.osei@acme-tools.example")
    await ada.sees("*Preview*")
    sandbox.purelymail.inject(
        CREATE, 1, {"status": 200, "body": {"type": "error", "code": "x", "message": "Too many rules."}}
    )
    await ada.submit()
    form = await ada.sees("PurelyMail refused: Too many rules.")
    assert form.state()["match"]["create_route.match"]["value"] == "info"
    await ada.submit()
    await ada.sees("*Preview*")
    await ada.submit()
    await ada.sees("Done, and read back")


async def test_form_sent_twice_makes_one_rule(sandbox: Sandbox, ada: Screen) -> None:
    await fills(ada, "exact", "info", "ben.osei@acme-tools.example")
    await ada.sees("*Preview*")
    sandbox.server.faults.inject("socket", 1, {"redeliver": True})
    await ada.submit()
    await sandbox.settled()
    assert len(asked(sandbox)) == 1
    assert [call["operation"] for call in sandbox.purelymail.calls].count(CREATE) == 1


async def test_what_was_asked_and_what_came_of_it_is_on_record(sandbox: Sandbox, ada: Screen) -> None:
    await creates(ada, "prefix", "info-", "ben.osei@acme-tools.example")
    database = Database(sandbox.settings.database.url)
    async with database.reading() as session:
        entries = await audit.newest(session, limit=2, target="info-*@acme-tools.example")
    await database.aclose()
    told = "info-*@acme-tools.example → ben.osei@acme-tools.example"
    assert [(one.act, one.actor, one.detail) for one in entries] == [
        ("route_created", "U0ADA", told),
        ("route_asked", "U0ADA", told),
    ]


# -- aliases of a box -------------------------------------------------------------------------------------------


@on_a_box
async def test_box_is_offered_what_it_can_have_and_gets_it(
    sandbox: Sandbox, ada: Screen, holdings: Holdings
) -> None:
    await opens_form(ada)
    (radio,) = [block["element"] for block in (await ada.view()).blocks if block["block_id"] == "kind"]
    assert [option["value"] for option in radio["options"]] == ["exact", "catch_all"]
    targets = [f"orders@{BAKERY}", f"finn.rye@{BAKERY}"]
    for kind, match in (("exact", "hello"), ("catch_all", "")):
        await creates(ada, kind, match, *targets, domain=BAKERY, account=BOX)
        assert the_box(holdings).aliases[f"{match}@{BAKERY}"].forwards_to == targets
    assert len(sandbox.box.effective(ADD)) == 2


@on_both
async def test_what_only_purelymail_can_have_is_refused_on_a_box_at_its_field(
    sandbox: Sandbox, ada: Screen
) -> None:
    submitted = await fills(ada, "prefix", "sales-", f"orders@{BAKERY}", domain=BAKERY, account=BOX)
    await refused(ada, submitted, "kind", "has aliases: for one address, or for all")
    assert sandbox.box.effective(ADD) == []


@on_both
async def test_rule_is_made_on_the_account_of_the_domain_that_was_picked(
    sandbox: Sandbox, ada: Screen, holdings: Holdings
) -> None:
    await creates(ada, "exact", "hello", f"orders@{BAKERY}", domain=BAKERY, account=BOX)
    assert f"hello@{BAKERY}" in the_box(holdings).aliases
    assert asked(sandbox) == []


@on_a_box
async def test_address_that_the_box_keeps_an_alias_of_is_refused(ada: Screen) -> None:
    submitted = await fills(ada, "exact", "postmaster", f"orders@{BAKERY}", domain=BAKERY, account=BOX)
    await refused(ada, submitted, "match", "keeps postmaster@millbakery.example")


@on_a_box
async def test_alias_is_not_made_anew_while_the_deletion_of_the_old_one_is_open(
    sandbox: Sandbox, ada: Screen, holdings: Holdings
) -> None:
    address = f"sales@{BAKERY}"
    await opens(ada, "/mail-routes", address)
    await ada.sees("Delete …")
    await ada.press("Delete …")
    await ada.sees("This deletes the routing rule")
    await ada.fill("reason", "nobody reads it")
    await ada.submit()
    await ada.sees("is queued")
    del the_box(holdings).aliases[address]
    await sandbox.settled()
    submitted = await fills(ada, "exact", "sales", f"orders@{BAKERY}", domain=BAKERY, account=BOX)
    await refused(ada, submitted, "match", "cancel the deletion first")
    assert address not in the_box(holdings).aliases


@on_a_box
async def test_error_after_which_the_alias_is_there_is_settled_by_looking(
    sandbox: Sandbox, ada: Screen, holdings: Holdings
) -> None:
    await fills(ada, "exact", "hello", f"orders@{BAKERY}", domain=BAKERY, account=BOX)
    await ada.sees("*Preview*")
    sandbox.box.inject(ADD, 1, {"status": 500, "after_effect": True})
    await ada.submit()
    await ada.sees("Done, and read back from Mail-in-a-Box.")
    assert f"hello@{BAKERY}" in the_box(holdings).aliases


@on_a_box
async def test_error_after_which_it_is_not_there_is_told(sandbox: Sandbox, ada: Screen) -> None:
    await fills(ada, "exact", "hello", f"orders@{BAKERY}", domain=BAKERY, account=BOX)
    await ada.sees("*Preview*")
    sandbox.box.inject(ADD, 1, {"status": 500})
    await ada.submit()
    await ada.sees("Mail-in-a-Box", "Preview")
    assert sandbox.box.effective(ADD) == []


async def test_listing_that_is_older_than_a_moment_is_read_anew(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-routes")
    await ada.sees("6 routing rules.")
    await later(sandbox, timedelta(minutes=3))
    sandbox.purelymail.account.rules.clear()
    await ada.fill("search", "team")
    await ada.sees("0 of 0 routing rules match “team”")
