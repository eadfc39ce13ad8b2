"""Shortcuts: "Manage mail user…" on a message → the addresses in it; and two that are at hand everywhere.

Only the message that somebody uses the shortcut on is read, and nothing of it is kept.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.directory import UserPage
from bot.errors import NotFound
from bot.model import MailUser, Role
from bot.services import Services
from handlers import blocks, create_user, dns_words, find_users, manage_user, pending_deletions
from handlers.listening import listener
from handlers.turn import Turn

MANAGE = "manage_mail_user"
CREATE = "create_mail_user"
PENDING = "pending_mail_deletions"
CREATE_THIS = "shortcuts.create"
VIEW = "shortcuts.found"

TITLE = "Mail users in a message"
SHOWN = 20
"""Addresses of a message that are looked at."""

DEEPEST = 20
"""How far blocks may be nested in each other."""

_LOCAL_PART = r"(?<![\w.+-])[a-z0-9](?:[a-z0-9._+-]{0,62}[a-z0-9])?"
_ASCII = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
_ANY = r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{0,61}[^\W_]"
_ADDRESS = re.compile(f"{_LOCAL_PART}@(?:{_ASCII}|{_ANY})", re.IGNORECASE)
"""A domain in ASCII goes before one in any script: where words are not parted by spaces, it ends with its ASCII."""

_TEXTS = frozenset({"text", "url", "fallback", "title", "pretext", "value", "topic"})
_PARTS = frozenset(
    {"blocks", "attachments", "elements", "fields", "message_blocks", "message", "rows", "text"}
)


@dataclass(frozen=True, slots=True)
class Found:
    """`users` are here; `free` are addresses of our domains that nobody has; `foreign` are of other domains."""

    users: Sequence[MailUser]
    free: Sequence[str]
    foreign: Sequence[str]


def register(app: AsyncApp, services: Services) -> None:
    app.shortcut(MANAGE)(listener(services, manage, need=Role.VIEWER))
    app.shortcut(CREATE)(listener(services, create_user.ask, need=Role.ADMIN))
    app.shortcut(PENDING)(listener(services, pending_deletions.ask, need=Role.VIEWER))
    app.action(CREATE_THIS)(listener(services, create_this, need=Role.ADMIN))


async def manage(turn: Turn) -> None:
    await turn.ack()
    found = await sort_out(turn, addresses_in(turn.message))
    if len(found.users) == 1 and not found.free:
        user = found.users[0]
        await manage_user.open_for(turn, user)
        return
    if not found.users and not found.free and not found.foreign:
        top = [blocks.words("There is no mail address in this message. Search for the user instead.")]
        page: UserPage = await turn.services.directory.search("", limit=find_users.PER_PAGE, archived=None)
        await turn.open(find_users.window("", page, top, several=turn.several))
        return
    await turn.open(window(found, may_change=turn.operator.role >= Role.ADMIN, several=turn.several))


async def create_this(turn: Turn) -> None:
    await turn.ack()
    await create_user.open_for(turn, turn.value)


async def sort_out(turn: Turn, addresses: Sequence[str]) -> Found:
    users: list[MailUser] = []
    free: list[str] = []
    foreign: list[str] = []
    ours = {domain.name for domain in await turn.services.directory.domains()}
    for address in addresses:
        here = []
        for account in turn.services.providers:
            try:
                here.append(await turn.services.directory.find(address, account=account, archived=None))
            except NotFound:
                continue
        users += here
        if not here:
            (free if address.partition("@")[2] in ours else foreign).append(address)
    return Found(users, free, foreign)


def addresses_in(message: Any) -> list[str]:
    """The mail addresses in a message, its blocks and what it quotes: each once, in the order in which they stand."""
    found: dict[str, None] = {}
    for text in _texts(message, DEEPEST):
        for match in _ADDRESS.finditer(text):
            local_part, _, domain = match[0].lower().partition("@")
            found.setdefault(f"{local_part}@{dns_words.ascii_name(domain)}")
            if len(found) == SHOWN:
                return list(found)
    return list(found)


def window(found: Found, *, may_change: bool, several: bool) -> View:
    parts: list[Block] = []
    if not found.users:
        parts.append(blocks.words("None of the addresses in this message is a mail user here."))
    parts += [find_users.entry(user, several=several) for user in found.users]
    for address in found.free:
        button = (
            blocks.button("Create …", CREATE_THIS, value=address, about=address)
            if may_change and len(address) <= blocks.OPTION_VALUE
            else None
        )
        parts.append(blocks.section(f"{blocks.code(address)}: nobody has this address.", accessory=button))
    if found.foreign:
        named = ", ".join(blocks.code(address, 100) for address in found.foreign)
        parts.append(blocks.context(f"Of domains that are not here: {named}"))
    return blocks.modal(TITLE, parts, callback_id=VIEW)


def _texts(part: Any, depth: int) -> Iterator[str]:
    if not depth:
        return
    if isinstance(part, str):
        # Slack writes an address as <mailto:a@x.example|a@x.example>, and & as an entity.
        yield unescape(part).replace("mailto:", " ")
    elif isinstance(part, list):
        for one in part:
            yield from _texts(one, depth - 1)
    elif isinstance(part, dict):
        for key, value in part.items():
            if (isinstance(value, str) and key in _TEXTS) or (not isinstance(value, str) and key in _PARTS):
                yield from _texts(value, depth - 1)
