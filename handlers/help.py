"""The front door: /mail → what there is, with a button to each job."""

from collections.abc import Collection

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block, ButtonElement

from bot.model import Capability, Role
from bot.routes import CAPABILITIES
from bot.services import Services
from handlers import (
    admin_privilege,
    audit_trail,
    blocks,
    bulk_create,
    create_user,
    dns_health,
    find_domains,
    find_users,
    mail_routes,
    manage_user,
    operators,
    pending_deletions,
    quota,
    reset_password,
    restore_user,
    schedule_deletion,
    two_factor,
)
from handlers.listening import listener
from handlers.turn import Turn

COMMAND = "/mail"

_CHANGING = (
    (create_user, "Create a user"),
    (bulk_create, "Create many"),
    (reset_password, "Set a password"),
    (two_factor, "Two-factor login"),
    (quota, "Quota"),
    (admin_privilege, "Administrator"),
    (schedule_deletion, "Delete users"),
    (restore_user, "Restore a user"),
)
_LOOKING = (
    (find_users, "Find users"),
    (manage_user, "Manage a user"),
    (pending_deletions, "Pending deletions"),
    (find_domains, "Domains"),
    (mail_routes, "Routing"),
    (dns_health, "DNS health"),
    (audit_trail, "Audit trail"),
    (operators, "Operators"),
)

_NEEDS: dict[str, Collection[Capability]] = {
    two_factor.COMMAND: two_factor.CAPABILITIES,
    quota.COMMAND: {Capability.QUOTA},
    admin_privilege.COMMAND: {Capability.ADMIN_PRIVILEGE},
    restore_user.COMMAND: {Capability.ARCHIVED_USERS},
    mail_routes.COMMAND: CAPABILITIES,
}
"""What one account at least has to be able to do, for a command to be shown."""

_COMMANDS = {
    create_user.COMMAND: "[name@domain]: create a mail user",
    bulk_create.COMMAND: "create many mail users from a list or a file",
    reset_password.COMMAND: "[name@domain]: set a new password",
    two_factor.COMMAND: "[name@domain]: require two-factor login, or no longer",
    quota.COMMAND: "[name@domain]: how large the mailbox may become",
    admin_privilege.COMMAND: "[name@domain]: let the user administer the mail system, or no longer",
    schedule_deletion.COMMAND: "[name@domain ...] or [domain]: delete, after a time in which it can be cancelled",
    restore_user.COMMAND: "[name@domain]: give a deleted user's mailbox back",
    find_users.COMMAND: "[text]: find mail users and manage them",
    manage_user.COMMAND: "[name@domain]: all about one mail user: login, app passwords, resets, another name, what was done",
    pending_deletions.COMMAND: "what is queued for deletion; with `history`, what has ended",
    operators.COMMAND: "who may use Mailwarden; owners change it",
    audit_trail.COMMAND: "[name@domain or domain] [@operator] [since]: who did what",
    find_domains.COMMAND: "[domain or a part of it]: your domains: add one, what to publish for it, its settings",
    mail_routes.COMMAND: "[text]: where mail is sent elsewhere: routing rules and aliases, new ones and deleting them",
    dns_health.COMMAND: "[domain or a part of it]: how the DNS of your domains is, and what mends it",
}


def register(app: AsyncApp, services: Services) -> None:
    app.command(COMMAND)(listener(services, show, need=Role.VIEWER))


async def show(turn: Turn) -> None:
    offered = await turn.services.users.offered()
    parts = front_door(turn.operator.role, offered)
    await turn.tell("Mailwarden: what would you like to do?", blocks=parts)


def front_door(role: Role, offered: Collection[Capability]) -> list[Block]:
    """Buttons first, the commands below them; only what the role may do and an account can do."""
    hidden = set() if role >= Role.ADMIN else {module.COMMAND for module, _ in _CHANGING}
    lines = [
        f"`{command}` {blocks.escape(what)}"
        for command, what in _COMMANDS.items()
        if command not in hidden and _possible(command, offered)
    ]
    return [
        blocks.section("*Mailwarden* looks after your mail users. What would you like to do?"),
        *job_buttons(role, offered),
        blocks.context("\n".join(lines)),
    ]


def job_buttons(role: Role, offered: Collection[Capability]) -> list[Block]:
    """A button to each job that the role may do and an account can do."""
    rows = (_CHANGING, _LOOKING) if role >= Role.ADMIN else (_LOOKING,)
    return [
        blocks.actions(
            *(_button(module.ASK, label) for module, label in row if _possible(module.COMMAND, offered))
        )
        for row in rows
    ]


def _possible(command: str, offered: Collection[Capability]) -> bool:
    return command not in _NEEDS or bool(set(_NEEDS[command]) & set(offered))


def _button(action_id: str, label: str) -> ButtonElement:
    return blocks.button(label, action_id, style="primary" if action_id == create_user.ASK else None)
