"""The windows around one mail user at their extremes, before the emulator's strict judge."""

import re
from dataclasses import replace

import pytest
from slack_sdk.models.views import View

from bot.app_passwords import AppPassword
from bot.audit import Act
from bot.model import Capability, DeletionState, MailDomain, MailUser, UserDetails
from bot.providers.base import ResetKind, ResetMethod, UserState
from bot.renaming import Renamed
from bot.sandbox.slack.strict import view_problems
from bot.storage.audit import AuditEntry
from handlers import (
    app_passwords,
    blocks,
    manage_window,
    rename_user,
    reset_method_form,
    reset_window,
    search_indexing,
)
from handlers.manage_window import Live
from tests.support.nasty import ACCOUNT, ADDRESS, DOMAIN, MESSAGE, NOW, PING, a_deletion, mrkdwn

HEBREW = "".join(map(chr, range(0x5D0, 0x5D8)))
ADDRESSES = {
    "the shortest": "a@b.c",
    "the longest": f"{'x' * 64}@{'d' * 60}.{'e' * 60}.{'f' * 60}.org",
    "nasty": ADDRESS,
    "ampersands": f"{'&' * 64}@{DOMAIN}",
    "IDN": "käthe@bücher.example",
    "IDN as in the DNS": "kaethe@xn--bcher-kva.example",
    "right to left": f"{HEBREW}@{HEBREW}.example",
}
ALL = frozenset(Capability)
SECRET = "0c0ffee0c0ffee0c0ffee0c0"
NUMBERS = (0, 1, 100, 10_000)
METHOD = ResetMethod(ResetKind.EMAIL, ADDRESS, PING * 30)
FULL = UserDetails(admin=True, quota=2**62 + 1, used=2**63)
STATE = UserState(
    ADDRESS, two_factor=True, search_indexing=True, password_reset=True, reset_methods=(METHOD,)
)
ENTITIES = re.compile(r"&(?!amp;|lt;|gt;)|<(?!@|!date)")


def an_act(act: str = Act.RENAMED, detail: str = MESSAGE) -> AuditEntry:
    return AuditEntry(NOW, "U0ADA", act, ACCOUNT, ADDRESS, detail)


def a_manage_window(address: str, *, deletion: bool = True, archived: bool = False) -> View:
    return manage_window.window(
        MailUser(ACCOUNT, address, archived=archived, details=FULL),
        replace(a_deletion(DeletionState.PENDING), label=address) if deletion else None,
        now=NOW,
        may_change=True,
        offered=ALL,
        several=True,
        top=blocks.problem(MESSAGE),
        as_of=NOW,
        live=Live(replace(STATE, address=address), MESSAGE),
        acts=[an_act(act) for act in list(Act)[:5]],
    )


def with_methods(number: int, *, offset: int = 0) -> View:
    state = replace(STATE, reset_methods=(METHOD,) * number)
    return reset_window.current(ACCOUNT, state, "PurelyMail", changed=True, offset=offset, several=True)


def with_domains(number: int) -> View:
    domains = [MailDomain(ACCOUNT, f"d{n}.{DOMAIN}") for n in range(number)]
    typed = f"{'x' * 320}@{domains[0].name if domains else DOMAIN}"
    return rename_user.form(ACCOUNT, ADDRESS, domains, typed, problem=MESSAGE, several=True)


def with_rules(number: int) -> View:
    rules = (f"{ADDRESS} → {ADDRESS}",) * number
    return rename_user.done(
        Renamed(ACCOUNT, ADDRESS, ADDRESS, "PurelyMail", verified=False, rules=rules), several=True
    )


VIEWS: dict[str, View] = {
    **{f"manage, {name}": a_manage_window(address) for name, address in ADDRESSES.items()},
    "manage, all there is": a_manage_window(ADDRESS, deletion=False),
    "manage, archived": a_manage_window(ADDRESS, deletion=False, archived=True),
    "manage, no answer yet": manage_window.window(
        MailUser(ACCOUNT, ADDRESS),
        None,
        now=NOW,
        may_change=False,
        offered=ALL,
        live=Live(note="Reading the rest from PurelyMail …"),
    ),
    "manage, nothing told": manage_window.window(
        MailUser(ACCOUNT, ADDRESS), None, now=NOW, may_change=True, offered=(), live=Live(STATE)
    ),
    **{f"reset methods, {number}": with_methods(number) for number in NUMBERS},
    "reset methods, the last page": with_methods(10_000, offset=9_990),
    "reset methods, of an unknown kind": reset_window.current(
        ACCOUNT, replace(STATE, reset_methods=(ResetMethod(PING * 20, "x" * 3000),)), "PurelyMail"
    ),
    "reset methods, busy": reset_window.busy(ACCOUNT, ADDRESS, MESSAGE),
    "reset methods, failed": reset_window.failed(ACCOUNT, ADDRESS, MESSAGE),
    **{
        f"reset method, {kind}": reset_method_form.form(
            ACCOUNT,
            ADDRESS,
            kind,
            ResetMethod(kind, "9" * 320, "x" * 400),
            problem=MESSAGE,
            several=True,
        )
        for kind in ResetKind
    },
    "reset method, empty": reset_method_form.form(ACCOUNT, ADDRESS, "key"),
    "search indexing": search_indexing.current(ACCOUNT, STATE, "PurelyMail", changed=True, several=True),
    "search indexing, unknown": search_indexing.current(
        ACCOUNT, replace(STATE, search_indexing=None), "PurelyMail"
    ),
    "search indexing, busy": search_indexing.busy(ACCOUNT, ADDRESS, "Reading the state …"),
    "search indexing, failed": search_indexing.failed(ACCOUNT, ADDRESS, MESSAGE),
    "app passwords": app_passwords.start(ACCOUNT, ADDRESS, "PurelyMail", several=True),
    "app password, form": app_passwords.create_form(
        ACCOUNT, ADDRESS, name=PING * 30, problem=MESSAGE, several=True
    ),
    "app password, form to delete": app_passwords.delete_form(
        ACCOUNT, ADDRESS, problem=MESSAGE, several=True
    ),
    "app password, made": app_passwords.created(
        AppPassword(ACCOUNT, ADDRESS, "PurelyMail", PING * 6, SECRET), several=True
    ),
    "app password, deleted": app_passwords.deleted(ACCOUNT, ADDRESS, "PurelyMail", several=True),
    **{f"rename, {number} domains": with_domains(number) for number in NUMBERS},
    **{f"renamed, {number} rules": with_rules(number) for number in NUMBERS},
    "renamed, rules unread": rename_user.done(
        Renamed(ACCOUNT, ADDRESS, ADDRESS, "PurelyMail", verified=True, rules=None)
    ),
}


@pytest.mark.parametrize("name", VIEWS)
def test_slack_takes_the_window_and_nobody_is_pinged(name: str) -> None:
    view = VIEWS[name].to_dict()
    assert view_problems(view) == []
    assert PING not in mrkdwn(view["blocks"])


@pytest.mark.parametrize("name", VIEWS)
def test_nothing_is_cut_in_the_middle_of_an_entity(name: str) -> None:
    shown = mrkdwn(VIEWS[name].to_dict()["blocks"])
    assert ENTITIES.findall(shown) == []


@pytest.mark.parametrize("name", [name for name in VIEWS if "app password" in name])
def test_app_password_is_shown_and_neither_in_metadata_nor_in_a_button(name: str) -> None:
    view = VIEWS[name].to_dict()
    assert SECRET not in view.get("private_metadata", "")
    assert SECRET not in str([block for block in view["blocks"] if block["type"] == "actions"])
    assert (SECRET in str(view["blocks"])) is (name == "app password, made")
