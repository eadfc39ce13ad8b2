"""Picking a mail user: a select with live search over the directory, and the user that a command names."""

from collections.abc import Sequence

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import (
    Block,
    ExternalDataMultiSelectElement,
    ExternalDataSelectElement,
    InputBlock,
    Option,
    OptionGroup,
)
from slack_sdk.models.views import View

from bot.directory import UserPage
from bot.errors import InvalidInput, NotFound
from bot.model import Capability, MailUser, Role
from bot.services import Services
from handlers import blocks
from handlers.listening import listener
from handlers.payloads import OpenView
from handlers.turn import Turn

USER = "user"
USERS = "users"
SEARCH = "user_picker.search"

OFFERED = 50

MAIL_USERS = "Mail users"
QUEUED = "Pending: their deletion is queued"

PICK = "Pick a mail user from the list."

_TOO_LONG = "too-long"


def register(app: AsyncApp, services: Services) -> None:
    app.options(SEARCH)(listener(services, offer, need=Role.ADMIN))


def register_search(
    app: AsyncApp, services: Services, search: str, *, need: Capability, archived: bool = False
) -> None:
    """Another select, of the users of those accounts that can do what is needed, or of their `archived` ones."""

    async def offer_some(turn: Turn) -> None:
        users = turn.services.users
        able = [account for account in turn.services.providers if need in await users.offers(account)]
        page = await turn.services.directory.search(
            turn.text, limit=OFFERED, archived=archived, accounts=able
        )
        await _answer(turn, page)

    app.options(search)(listener(services, offer_some, need=Role.ADMIN))


async def offer(turn: Turn) -> None:
    await _answer(turn, await turn.services.directory.search(turn.text, limit=OFFERED))


async def _answer(turn: Turn, page: UserPage) -> None:
    groups = option_groups(page.users, page.matching, several=turn.several)
    if groups:
        await turn.ack(option_groups=groups)
    else:
        await turn.ack(options=[])


def picker(
    initial: MailUser | None = None, *, several: bool = False, search: str = SEARCH, label: str = "Mail user"
) -> Block:
    return InputBlock(
        block_id=USER,
        label=label,
        element=ExternalDataSelectElement(
            action_id=search,
            placeholder=blocks.plain("Type a part of the address"),
            min_query_length=1,
            initial_option=None if initial is None else _option(initial, several=several),
        ),
    )


def multi_picker(*, label: str = "Mail users") -> Block:
    """The same for any number of users; may be left empty."""
    return InputBlock(
        block_id=USERS,
        label=label,
        optional=True,
        element=ExternalDataMultiSelectElement(
            action_id=SEARCH,
            placeholder=blocks.plain("Type a part of an address"),
            min_query_length=1,
        ),
    )


def chosen_several(view: OpenView) -> list[tuple[str, str]]:
    """(account, address) of each picked user. Raises InvalidInput at the picker."""
    values = view.choices(USERS, SEARCH)
    if _TOO_LONG in values:
        raise InvalidInput(
            "Slack's lists can't hold so long an address: write it into the list below.", field=USERS
        )
    return [read_reference(value) for value in values]


def option_groups(users: Sequence[MailUser], matching: int, *, several: bool) -> list[OptionGroup]:
    """By account where there are several; apart from them the users a deletion of whom is queued.

    That not all of them are shown is said above the first.
    """
    free: dict[str, list[Option]] = {}
    for user in users:
        if user.deletion_id is None:
            free.setdefault(user.account if several else MAIL_USERS, []).append(
                _option(user, several=several)
            )
    queued = [_option(user, several=several) for user in users if user.deletion_id is not None]
    groups = [*sorted(free.items()), *([(QUEUED, queued)] if queued else [])]
    if groups and matching > len(users):
        heading, options = groups[0]
        hint = f"First {len(users)} of {matching}: type more of it"
        groups[0] = (hint if heading == MAIL_USERS else f"{heading}. {hint}", options)
    return [
        OptionGroup(label=blocks.plain(heading, blocks.OPTION), options=options)
        for heading, options in groups
    ]


def chosen(view: OpenView, *, search: str = SEARCH) -> tuple[str, str]:
    """(account, address) of the picked user. Raises InvalidInput at the picker."""
    value = view.choice(USER, search)
    if value == _TOO_LONG:
        raise InvalidInput(
            "Slack's lists can't hold so long an address: give it after the command.", field=USER
        )
    account, address = read_reference(value)
    if not address:
        raise InvalidInput(PICK, field=USER)
    return account, address


async def named(turn: Turn, *, archived: bool | None = False) -> tuple[MailUser | None, str | None]:
    """The mail user that a command's text names, and what to say where it names none that is there.

    `archived`: one that is not there, and whose mailbox is kept; None for either.
    """
    if not turn.text:
        return None, None
    if "@" not in turn.text:
        page = await turn.services.directory.search(turn.text, limit=1, archived=archived)
        if page.matching == 1:
            return page.users[0], None
        kind = "deleted mail user" if archived else "mail user"
        found = f"{page.matching} {kind}s contain" if page.matching else f"No {kind} contains"
        return None, f"{found} “{blocks.cut(turn.text, 60)}”. {PICK}"
    try:
        return await turn.services.directory.find(turn.text, archived=archived), None
    except NotFound as error:
        return None, str(error)


def ask(
    title: str,
    *,
    callback_id: str,
    submit: str,
    hint: str,
    problem: str | None = None,
    several: bool = False,
    search: str = SEARCH,
    label: str = "Mail user",
) -> View:
    """A window that asks for nothing but the mail user."""
    parts: list[Block] = [] if problem is None else blocks.problem(problem)
    return blocks.modal(
        title,
        [*parts, picker(several=several, search=search, label=label), blocks.context(hint)],
        callback_id=callback_id,
        submit=submit,
        close="Cancel",
    )


def reference(account: str, address: str) -> str:
    """A mail user as the value of a button."""
    return f"{address} {account}"


def read_reference(value: str) -> tuple[str, str]:
    """(account, address); both "" where the value is none of ours."""
    address, _, account = value.partition(" ")
    return (account, address) if "@" in address and account else ("", "")


def name(account: str, address: str, *, several: bool) -> str:
    """A mail user in mrkdwn."""
    return f"{blocks.code(address)} ({blocks.escape(account, 100)})" if several else blocks.code(address)


def _option(user: MailUser, *, several: bool) -> Option:
    value = reference(user.account, user.address)
    text = f"{user.address} ({user.account})" if several else user.address
    return blocks.option(text, value if len(value) <= blocks.OPTION_VALUE else _TOO_LONG)
