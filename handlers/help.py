"""The front door: /mail → what there is, with a button to each job."""

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block, ButtonElement

from bot.model import Role
from bot.services import Services
from handlers import (
    blocks,
    create_user,
    dns_health,
    find_users,
    pending_deletions,
    reset_password,
    schedule_deletion,
    two_factor,
)
from handlers.listening import listener
from handlers.turn import Turn

COMMAND = "/mail"

_CHANGING = (
    (create_user, "Create a user"),
    (reset_password, "Set a password"),
    (two_factor, "Two-factor login"),
    (schedule_deletion, "Delete users"),
)
_LOOKING = (
    (find_users, "Find users"),
    (pending_deletions, "Pending deletions"),
    (dns_health, "DNS health"),
)

_COMMANDS = {
    create_user.COMMAND: "[name@domain]: create a mail user",
    reset_password.COMMAND: "[name@domain]: set a new password",
    two_factor.COMMAND: "[name@domain]: require two-factor login, or no longer",
    schedule_deletion.COMMAND: "[name@domain ...] or [domain]: delete, after a time in which it can be cancelled",
    find_users.COMMAND: "[text]: find mail users and manage them",
    pending_deletions.COMMAND: "what is queued for deletion; with `history`, what has ended",
    dns_health.COMMAND: "[domain or a part of it]: how the DNS of your domains is, and what mends it",
}


def register(app: AsyncApp, services: Services) -> None:
    app.command(COMMAND)(listener(services, show, need=Role.VIEWER))


async def show(turn: Turn) -> None:
    role = turn.operator.role
    await turn.tell("Mailwarden: what would you like to do?", blocks=front_door(role))


def front_door(role: Role) -> list[Block]:
    """Buttons first, the commands below them; only what the role may do."""
    changing = role >= Role.ADMIN
    hidden = set() if changing else {module.COMMAND for module, _ in _CHANGING}
    lines = [
        f"`{command}` {blocks.escape(what)}" for command, what in _COMMANDS.items() if command not in hidden
    ]
    return [
        blocks.section("*Mailwarden* looks after your mail users. What would you like to do?"),
        *job_buttons(role),
        blocks.context("\n".join(lines)),
    ]


def job_buttons(role: Role) -> list[Block]:
    """A button to each job that the role may do."""
    rows = (_CHANGING, _LOOKING) if role >= Role.ADMIN else (_LOOKING,)
    return [blocks.actions(*(_button(module.ASK, label) for module, label in row)) for row in rows]


def _button(action_id: str, label: str) -> ButtonElement:
    return blocks.button(label, action_id, style="primary" if action_id == create_user.ASK else None)
