"""Every window and message with the longest and nastiest realistic input, before the emulator's strict judge."""

import json
from datetime import timedelta

import pytest
from slack_sdk.models.views import View

from bot.directory import UserPage
from bot.model import (
    Capability,
    DeletionState,
    MailDomain,
    MailUser,
    Role,
    Snapshot,
    Target,
    TargetKind,
    UserDetails,
)
from bot.passwords import Strength
from bot.providers.base import UserState
from bot.sandbox.slack.strict import message_problems, options_problems, view_problems
from bot.users import PasswordReset, UserCreated
from handlers import (
    admin_privilege,
    blocks,
    create_user,
    find_users,
    listening,
    manage_window,
    pending_deletions,
    queued_deletion,
    quota,
    reset_password,
    restore_user,
    schedule_deletion,
    two_factor,
    user_picker,
)
from handlers import (
    help as front,
)
from handlers.create_user import Entries
from handlers.mailbox_fields import Extras
from handlers.password_fields import Mode, Password, parts
from handlers.pending_deletions import Queue
from tests.support.nasty import (
    ACCOUNT,
    ADDRESS,
    DOMAIN,
    MESSAGE,
    NOW,
    PING,
    a_deletion,
    mrkdwn,
)

PASSWORD = Password(Mode.TYPE, "&<>*_~`" * 14)
WEAK = Strength(0, "Very weak", ("Add another word or two. " * 10, "Avoid repeats."), acceptable=False)
USER = MailUser(ACCOUNT, ADDRESS)
QUEUED_USER = MailUser(ACCOUNT, ADDRESS, "d" * 32)
ALL = frozenset(Capability)
FULL = UserDetails(admin=True, quota=2**62 + 1, used=2**63)
FULL_USER = MailUser(ACCOUNT, ADDRESS, details=FULL)
ARCHIVED_USER = MailUser(ACCOUNT, ADDRESS, archived=True, details=FULL)
EXTRAS = Extras(quota="9" * 40, admin=True)
MISSING = ("It is not an administrator. " * 20, "Its quota is another one. " * 20)
DOMAINS = [MailDomain(ACCOUNT, f"d{number}.{DOMAIN}") for number in range(100)]


def a_queue(number: int = 10) -> Queue:
    page = [a_deletion(DeletionState.PENDING, n) for n in range(number)]
    return Queue(page, 40, 10, NOW, may_change=True, viewer="U0ADA", several=True)


def a_modal_of(state: DeletionState) -> list[View]:
    deletion = a_deletion(state)
    return [
        queued_deletion.queued(deletion, NOW, first=True, undelivered=MESSAGE),
        queued_deletion.queued(deletion, NOW, first=False),
        manage_window.window(
            QUEUED_USER,
            deletion,
            now=NOW,
            may_change=True,
            offered=ALL,
            several=True,
            top=blocks.problem(MESSAGE),
        ),
    ]


CREATE, RESET = create_user.FORM, reset_password.FORM

VIEWS: dict[str, View] = {
    "create": create_user.form(
        DOMAINS,
        Entries(f"{DOMAINS[3].name} {ACCOUNT}"[:150], "x" * 64, EXTRAS),
        parts(CREATE),
        ALL,
        problem=MESSAGE,
        several=True,
    ),
    "create, typing": create_user.form(DOMAINS, Entries(), parts(CREATE, Mode.TYPE, WEAK), problem="Short."),
    "create, more domains than a select holds": create_user.form(
        [*DOMAINS, MailDomain("main", "more.org")], Entries("more.org main"), parts(CREATE)
    ),
    "create, no domains": create_user.form([], Entries(), parts(CREATE)),
    "creating": create_user.working(ADDRESS),
    "created": create_user.done(
        UserCreated(ACCOUNT, ADDRESS, "PurelyMail", verified=False, missing=MISSING, details=FULL),
        PASSWORD,
        several=True,
    ),
    "reset": reset_password.form(USER, parts(RESET), problem=MESSAGE, several=True),
    "reset, empty": reset_password.form(None, parts(RESET, Mode.TYPE)),
    "resetting": reset_password.working(ADDRESS),
    "reset, done": reset_password.done(PasswordReset(ACCOUNT, ADDRESS, "PurelyMail"), PASSWORD, several=True),
    "2FA": two_factor.current(
        ACCOUNT, UserState(ADDRESS, two_factor=True), "PurelyMail", ALL, changed=True, several=True
    ),
    "2FA, off": two_factor.current(ACCOUNT, UserState(ADDRESS, two_factor=False), "PurelyMail", ALL),
    "2FA, the user's own": two_factor.current(
        ACCOUNT, UserState(ADDRESS, two_factor=True), "Mail-in-a-Box", {Capability.TWO_FACTOR_DISABLE}
    ),
    "2FA, not set up": two_factor.current(
        ACCOUNT, UserState(ADDRESS, two_factor=False), "Mail-in-a-Box", {Capability.TWO_FACTOR_DISABLE}
    ),
    "administrator": admin_privilege.current(
        ACCOUNT,
        UserState(ADDRESS, two_factor=False, details=FULL),
        "Mail-in-a-Box",
        changed=True,
        several=True,
    ),
    "administrator, not": admin_privilege.current(
        ACCOUNT, UserState(ADDRESS, two_factor=False), "Mail-in-a-Box"
    ),
    "administrator, busy": admin_privilege.busy(ACCOUNT, ADDRESS, "Reading the state …"),
    "administrator, failed": admin_privilege.failed(ACCOUNT, ADDRESS, MESSAGE),
    "quota": quota.form(FULL_USER, quota="9" * 60, several=True, problem=MESSAGE),
    "quota, none known": quota.form(USER, quota=""),
    "quota, set": quota.done(FULL_USER, FULL, "Mail-in-a-Box", several=True),
    "restore": restore_user.form(
        ARCHIVED_USER, ALL, EXTRAS, parts(restore_user.FORM, Mode.TYPE, WEAK), problem=MESSAGE, several=True
    ),
    "restored": restore_user.done(
        UserCreated(ACCOUNT, ADDRESS, "Mail-in-a-Box", verified=True, missing=MISSING, details=FULL),
        PASSWORD,
        several=True,
    ),
    "manage, archived": manage_window.window(
        ARCHIVED_USER, None, now=NOW, may_change=True, offered=ALL, top=[], as_of=NOW
    ),
    "manage, all there is": manage_window.window(
        FULL_USER, None, now=NOW, may_change=True, offered=ALL, several=True, top=[], as_of=NOW
    ),
    "2FA, busy": two_factor.busy(ACCOUNT, ADDRESS, "Reading the state …"),
    "2FA, failed": two_factor.failed(ACCOUNT, ADDRESS, MESSAGE),
    "pick a user": user_picker.ask(
        "Delete a mail user", callback_id="x", submit="Next", hint="Hint.", problem=MESSAGE, several=True
    ),
    "delete": schedule_deletion.form(
        Target(ACCOUNT, TargetKind.USER, ADDRESS),
        Snapshot(),
        at=NOW,
        grace=timedelta(hours=24),
        channel="C0MAILOPS",
        reason=PING * 20,
        problem=MESSAGE,
        several=True,
    ),
    "manage, as a viewer": manage_window.window(USER, None, now=NOW, may_change=False, offered=ALL, top=[]),
    "pending": pending_deletions.window(a_queue(), top=blocks.problem(MESSAGE)),
    "what has ended": pending_deletions.window(
        Queue(
            [a_deletion(state, n) for n, state in enumerate(DeletionState) if not state.is_open],
            40,
            10,
            NOW,
            may_change=True,
            viewer="U0BEN",
            several=True,
            ended=True,
        )
    ),
    "held, for who may release it": pending_deletions.window(
        Queue(
            [a_deletion(DeletionState.HELD)],
            1,
            0,
            NOW,
            may_change=True,
            viewer="U0OLGA",
            releasable={"U0ADA"},
        )
    ),
    "delete a domain": schedule_deletion.form(
        Target(ACCOUNT, TargetKind.DOMAIN, DOMAIN),
        Snapshot((ADDRESS,) * 1000, (f"{ADDRESS} → {ADDRESS}",) * 500),
        at=NOW,
        grace=timedelta(hours=24),
        channel="C0MAILOPS",
    ),
    "pending, none": pending_deletions.window(Queue([], 0, 0, NOW, may_change=True, viewer="U0ADA")),
    "find": find_users.window(
        PING * 40,
        UserPage([USER] * 7 + [FULL_USER, ARCHIVED_USER, QUEUED_USER], 100, 10_000),
        offset=20,
        several=True,
    ),
    "find, nothing": find_users.window("", UserPage([], 0, 0)),
    "a problem": listening.problem_view(MESSAGE),
} | {f"{state}, window {n}": view for state in DeletionState for n, view in enumerate(a_modal_of(state))}


@pytest.mark.parametrize("name", VIEWS)
def test_slack_takes_the_window_and_nobody_is_pinged(name: str) -> None:
    view = VIEWS[name].to_dict()
    assert view_problems(view) == []
    assert PING not in mrkdwn(view["blocks"])


@pytest.mark.parametrize("name", VIEWS)
def test_no_password_is_in_metadata_or_a_button(name: str) -> None:
    view = VIEWS[name].to_dict()
    assert PASSWORD.value not in view.get("private_metadata", "")
    for block in view["blocks"]:
        shown = json.dumps(
            [block.get("accessory"), [e for e in block.get("elements", []) if e["type"] == "button"]]
        )
        assert json.dumps(PASSWORD.value)[1:-1] not in shown


@pytest.mark.parametrize("role", Role)
def test_slack_takes_the_front_door_of_every_role(role: Role) -> None:
    for offered in (ALL, frozenset[Capability]()):
        assert message_problems([block.to_dict() for block in front.front_door(role, offered)]) == []


@pytest.mark.parametrize("users", [[], [USER], [QUEUED_USER], [USER] * 49 + [QUEUED_USER]])
def test_slack_takes_the_options_of_the_picker(users: list[MailUser]) -> None:
    groups = user_picker.option_groups(users, 340, several=True)
    assert options_problems({"option_groups": [group.to_dict() for group in groups]}) == []
