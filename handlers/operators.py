"""Who may use Mailwarden: /mail-operators → the list → for owners, add somebody, change a role, take it away.

Whom the configuration names is shown beside those who were added here, and is changed in the configuration only.
"""

import uuid
from collections.abc import Sequence

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import (
    Block,
    ConfirmObject,
    InputBlock,
    OverflowMenuElement,
    RadioButtonsElement,
    UserSelectElement,
)
from slack_sdk.models.views import View

from bot.errors import InvalidInput
from bot.model import Grant, Operator, OperatorChange, Role
from bot.operators import PERSON, Roster, name, told
from bot.services import Services
from handlers import blocks
from handlers.listening import listener
from handlers.operator_notices import MAY
from handlers.payloads import pack
from handlers.turn import Turn

COMMAND = "/mail-operators"
ASK = "operators.ask"
VIEW = "operators"
PERSON_ACTION = "operators.person"
ROLE = "role"
ROLE_ACTION = "operators.role"
CHANGE = "operators.change"
PAGE = "operators.page"

TITLE = "Operators"
PER_PAGE = 10
NAMED = 40
"""How many of a role the configuration's part names."""

GROUP_PREFIX = "S"

HEADINGS = {Role.OWNER: "Owners", Role.ADMIN: "Admins", Role.VIEWER: "Viewers"}
BRIEFLY = {
    Role.VIEWER: "looks, and changes nothing",
    Role.ADMIN: "changes mail users, and cancels deletions",
    Role.OWNER: "does all of that, releases held deletions, changes operators",
}
_REMOVE = "remove"


def register(app: AsyncApp, services: Services) -> None:
    app.command(COMMAND)(listener(services, ask, need=Role.VIEWER))
    app.action(ASK)(listener(services, ask, need=Role.VIEWER))
    app.action(blocks.pager_pattern(PAGE))(listener(services, turn_page, need=Role.VIEWER))
    app.action(CHANGE)(listener(services, change, need=Role.OWNER, fresh=True))
    app.view(VIEW)(listener(services, submit, need=Role.OWNER, fresh=True))


async def present(turn: Turn, offset: int = 0, *, top: Sequence[Block] = ()) -> View:
    roster = await turn.services.operators.roster(offset=offset, limit=PER_PAGE)
    if offset and not roster.granted:
        offset = 0
        roster = await turn.services.operators.roster(offset=0, limit=PER_PAGE)
    return window(roster, offset=offset, may_change=turn.operator.role >= Role.OWNER, top=top)


async def ask(turn: Turn) -> None:
    await turn.ack()
    await turn.open(await present(turn))


async def turn_page(turn: Turn) -> None:
    await turn.ack()
    await turn.show(await present(turn, int(turn.value) if turn.value.isdigit() else 0))


async def submit(turn: Turn) -> None:
    slack_id = turn.modal.person(PERSON, PERSON_ACTION)
    if not slack_id:
        raise InvalidInput("Pick a person.", field=PERSON)
    made = await turn.services.operators.grant(
        turn.operator,
        nonce=str(turn.modal.metadata.get("nonce", "")),
        slack_id=slack_id,
        team_id=turn.team_id,
        role=_role(turn.modal.choice(ROLE, ROLE_ACTION)),
    )
    # A view of its own: in the same one Slack would keep the person that was picked.
    await turn.ack(response_action="update", view=done(made))


async def change(turn: Turn) -> None:
    await turn.ack()
    wanted, _, slack_id = turn.value.partition(" ")

    async def back(message: str) -> View:
        return await present(turn, top=blocks.problem(message))

    turn.recover = back
    # The same entry of the same view does the same, however often it arrives.
    nonce = uuid.uuid5(uuid.NAMESPACE_OID, f"{turn.modal.metadata.get('nonce')} {turn.value}").hex
    operators = turn.services.operators
    if wanted == _REMOVE:
        made = await operators.withdraw(turn.operator, nonce=nonce, slack_id=slack_id)
    else:
        made = await operators.grant(
            turn.operator, nonce=nonce, slack_id=slack_id, team_id=turn.team_id, role=_role(wanted)
        )
    if made.slack_id == turn.slack_id:
        if made.after is None:
            await turn.show(done(made))
            return
        turn.operator = Operator(turn.slack_id, made.after)
    await turn.show(await present(turn, top=[blocks.success(f"{told(made)} The channel is told.")]))


def window(roster: Roster, *, offset: int = 0, may_change: bool, top: Sequence[Block] = ()) -> View:
    """`roster`: a page, whose first is number `offset` of those who were added in Slack."""
    parts: list[Block] = [*top, blocks.section("*By the configuration*")]
    for role, heading in HEADINGS.items():
        if named := roster.configured.get(role):
            parts.append(blocks.section(f"{heading}: {_mentions(named)}"))
    parts.append(blocks.section("*Added in Slack*"))
    if not roster.total:
        parts.append(blocks.words("Nobody."))
    parts += [_entry(grant, may_change=may_change) for grant in roster.granted]
    parts += blocks.pager(PAGE, offset=offset, size=PER_PAGE, matching=roster.total)
    parts.append(
        blocks.context("Whom the configuration names is changed there. The higher of two roles counts.")
    )
    if not may_change:
        parts.append(blocks.context("Changing who is an operator needs an owner."))
    else:
        parts += [blocks.divider(), *_form()]
    return blocks.modal(
        TITLE,
        parts,
        callback_id=VIEW,
        submit="Add or change" if may_change else None,
        metadata=pack(nonce=uuid.uuid4().hex),
    )


def done(change: OperatorChange) -> View:
    return blocks.modal(
        TITLE,
        [
            blocks.success("Done, and the channel is told."),
            blocks.section(f"{told(change)} They {MAY[change.after]}."),
            blocks.actions(blocks.button("All operators", f"{PAGE}.previous", value="0")),
        ],
        callback_id=f"{VIEW}.done",
        close="Done",
    )


def _form() -> list[Block]:
    options = {
        role: blocks.option(f"{name(role).capitalize()}: {what}", role.name) for role, what in BRIEFLY.items()
    }
    return [
        InputBlock(
            block_id=PERSON,
            label="Person",
            element=UserSelectElement(action_id=PERSON_ACTION, placeholder=blocks.plain("Pick a person")),
        ),
        InputBlock(
            block_id=ROLE,
            label="Role",
            hint="The channel is told, and it is on record.",
            element=RadioButtonsElement(
                action_id=ROLE_ACTION, options=list(options.values()), initial_option=options[Role.VIEWER]
            ),
        ),
    ]


def _entry(grant: Grant, *, may_change: bool) -> Block:
    line = f"<@{grant.slack_id}>: *{name(grant.role)}*\nBy <@{grant.granted_by}>, {blocks.date(grant.granted_at)}"
    menu = None
    if may_change:
        menu = OverflowMenuElement(
            action_id=CHANGE,
            options=[
                *(
                    blocks.option(f"Make {name(role)}", f"{role.name} {grant.slack_id}")
                    for role in HEADINGS
                    if role is not grant.role
                ),
                blocks.option("Take away", f"{_REMOVE} {grant.slack_id}"),
            ],
            confirm=ConfirmObject(
                title="Change this operator?",
                text=blocks.plain("It counts from now on, and the channel is told."),
                confirm="Change",
                deny="Keep",
            ),
        )
    return blocks.section(line, accessory=menu, block_id=f"operator_{grant.slack_id}")


def _mentions(ids: Sequence[str]) -> str:
    shown = ", ".join(
        f"<!subteam^{id_}>" if id_.startswith(GROUP_PREFIX) else f"<@{id_}>" for id_ in ids[:NAMED]
    )
    return f"{shown} and {len(ids) - NAMED} more" if len(ids) > NAMED else shown


def _role(text: str) -> Role:
    if text not in Role.__members__:
        raise InvalidInput("Pick a role.", field=ROLE)
    return Role[text]
