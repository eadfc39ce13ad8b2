"""Quota, use and the admin privilege of a mail user: the fields that forms share, and how they are put in words."""

from collections.abc import Collection
from dataclasses import dataclass

from slack_sdk.models.blocks import Block, CheckboxesElement, InputBlock, PlainTextInputElement

from bot import quotas
from bot.model import Capability, MailUser, UserDetails
from bot.quotas import QUOTA
from handlers import blocks
from handlers.payloads import OpenView

QUOTA_ACTION = "mailbox_fields.quota"
ADMIN = "admin"
ADMIN_ACTION = "mailbox_fields.admin"

HOW = "For example 5 GB or 500 MB; none for no limit."

PRIVILEGE = "An administrator signs in to the mail system's control panel, and may change everything there."


@dataclass(frozen=True, slots=True)
class Extras:
    """What is entered beside the mailbox itself. `quota` as it was typed."""

    quota: str = ""
    admin: bool = False


def inputs(
    offered: Collection[Capability], extras: Extras, *, empty: str = "", was_admin: bool = False
) -> list[Block]:
    """The fields that the account has. `empty`: what an empty quota means; `was_admin`: before it was deleted."""
    parts: list[Block] = []
    if Capability.QUOTA in offered:
        parts.append(quota_input(extras.quota, optional=True, hint=f"{HOW} {empty}".strip()))
    if Capability.ADMIN_PRIVILEGE in offered:
        told = "Administrator of the mail system" + (" (as it was before)" if was_admin else "")
        choice = blocks.option(told, ADMIN)
        parts.append(
            InputBlock(
                block_id=ADMIN,
                label="Privileges",
                optional=True,
                hint=PRIVILEGE,
                element=CheckboxesElement(
                    action_id=ADMIN_ACTION,
                    options=[choice],
                    initial_options=[choice] if extras.admin else None,
                ),
            )
        )
    return parts


def quota_input(typed: str, *, optional: bool = False, hint: str = HOW) -> Block:
    return InputBlock(
        block_id=QUOTA,
        label="Quota",
        hint=hint,
        optional=optional,
        element=PlainTextInputElement(
            action_id=QUOTA_ACTION,
            initial_value=typed[:40] or None,
            placeholder=blocks.plain("5 GB"),
            max_length=40,
        ),
    )


def typed(view: OpenView) -> Extras:
    """What is entered so far."""
    return Extras(
        quota=view.text(QUOTA, QUOTA_ACTION).strip()[:40], admin=ADMIN in view.choices(ADMIN, ADMIN_ACTION)
    )


def quota_of(extras: Extras) -> int | None:
    """Bytes, None for an empty field. Raises InvalidInput at it."""
    return quotas.parse(extras.quota) if extras.quota else None


def facts(details: UserDetails) -> str | None:
    """`administrator · 1.2 GB of 5 GB, 24 %`; None where nothing is known."""
    known = ["administrator"] if details.admin else []
    usage = quotas.usage(details)
    if usage is not None:
        known.append(usage)
    return " · ".join(known) or None


def is_full(details: UserDetails) -> bool:
    """Whether new mail is refused for want of room."""
    return bool(details.quota) and details.used is not None and details.used >= (details.quota or 0)


def offers_quota(offered: Collection[Capability], user: MailUser) -> bool:
    return Capability.QUOTA in offered or user.details.quota is not None
