"""Find mail users: /mail-users [text] → search that follows the typing, "12 of 340", pages → Manage."""

from collections.abc import Sequence

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block, InputBlock, PlainTextInputElement
from slack_sdk.models.blocks.basic_components import DispatchActionConfig
from slack_sdk.models.views import View

from bot.directory import UserPage
from bot.model import MailUser, Role
from bot.services import Services
from handlers import blocks, mailbox_fields, manage_user, manage_window, user_picker
from handlers.account_notes import stale_notes
from handlers.listening import listener
from handlers.paged_list import register_list
from handlers.payloads import OpenView, clean, pack
from handlers.turn import Turn

COMMAND = "/mail-users"
ASK = "find_users.ask"
VIEW = "find_users"
SEARCH = "search"
SEARCH_ACTION = "find_users.search"
PAGE = "find_users.page"

TITLE = "Mail users"
PER_PAGE = 10
LONGEST = 320
"""Characters of a search."""


def register(app: AsyncApp, services: Services) -> None:
    app.command(COMMAND)(listener(services, ask, need=Role.VIEWER))
    app.action(ASK)(listener(services, ask, need=Role.VIEWER))
    register_list(app, services, found, search=(SEARCH, SEARCH_ACTION), page=PAGE)
    app.view(VIEW)(listener(services, submit, need=Role.VIEWER))
    app.view_closed(manage_window.VIEW)(listener(services, come_back, need=Role.VIEWER))


async def found(turn: Turn, text: str, offset: int = 0) -> View:
    page = await turn.services.directory.search(text, offset=offset, limit=PER_PAGE, archived=None)
    return window(text, page, await stale_notes(turn), offset=offset, several=turn.several)


async def ask(turn: Turn) -> None:
    await turn.ack()
    await turn.open(await found(turn, turn.text))


async def submit(turn: Turn) -> None:
    text = clean(turn.modal.text(SEARCH, SEARCH_ACTION))
    await turn.ack(response_action="update", view=await found(turn, text))


async def come_back(turn: Turn) -> None:
    """The window of a mail user was closed: show the list anew, where the person was in it."""
    await turn.ack()
    closed = turn.modal
    offset, _, text = closed.trail.partition(" ")
    if closed.beneath and offset.isdigit():
        turn.view = OpenView.read({"id": closed.beneath})
        await turn.show(await found(turn, text, int(offset)))


def window(
    text: str, page: UserPage, notes: Sequence[Block] = (), *, offset: int = 0, several: bool = False
) -> View:
    """`offset`: how many matching users come before those of `page`. `notes`: what to say of the accounts."""
    parts: list[Block] = [_search_input(text), blocks.words(count(text, page)), *notes]
    parts += [entry(user, several=several) for user in page.users]
    parts += blocks.pager(PAGE, offset=offset, size=PER_PAGE, matching=page.matching)
    return blocks.modal(
        TITLE, parts, callback_id=VIEW, submit="Search", metadata=pack(trail=f"{offset} {text[:LONGEST]}")
    )


def count(text: str, page: UserPage) -> str:
    """`12 of 340 mail users match. 2 archived ones match, too.`"""
    if not page.total and not page.archived:
        return "Mailwarden knows no mail users yet. The directory is read on the first start and at night."
    if not text:
        return f"{page.total} mail users." + (f" {page.archived} more are archived." if page.archived else "")
    found = f"{page.matching - page.archived} of {page.total} mail users match."
    if page.archived:
        one = page.archived == 1
        return f"{found} {page.archived} archived {'one matches' if one else 'ones match'}, too."
    return found if page.matching else f"{found} Search for a part of the address."


def _search_input(text: str) -> Block:
    return InputBlock(
        block_id=SEARCH,
        label="Search",
        optional=True,
        dispatch_action=True,
        element=PlainTextInputElement(
            action_id=SEARCH_ACTION,
            initial_value=blocks.cut(text, LONGEST) or None,
            placeholder=blocks.plain("A part of the address"),
            max_length=LONGEST,
            dispatch_action_config=DispatchActionConfig(trigger_actions_on=["on_character_entered"]),
        ),
    )


def entry(user: MailUser, *, several: bool) -> Block:
    pending = "   :hourglass_flowing_sand: pending deletion" if user.deletion_id is not None else ""
    archived = "   :file_cabinet: archived" if user.archived else ""
    facts = None if user.archived else mailbox_fields.facts(user.details)
    below = "" if facts is None else f"\n{facts}"
    return blocks.section(
        f"{user_picker.name(user.account, user.address, several=several)}{pending}{archived}{below}",
        accessory=blocks.button(
            "Manage",
            manage_user.OPEN,
            value=user_picker.reference(user.account, user.address),
            about=user.address,
        ),
    )
