"""A deletion in words: what it is aimed at, when it happens, what became of it. In mrkdwn."""

from collections.abc import Sequence
from datetime import datetime

from bot.model import Deletion, DeletionState, Snapshot, TargetKind
from handlers import blocks

NAMED = 10
"""So many users or rules that go along with a domain are named."""

_NOUNS = {
    TargetKind.USER: "mail user",
    TargetKind.DOMAIN: "domain",
    TargetKind.ROUTING_RULE: "routing rule",
}
_LOSS = {
    TargetKind.USER: "for good, with all its mail",
    TargetKind.DOMAIN: "for good, with all its users, their mail and its routing rules",
    TargetKind.ROUTING_RULE: "for good",
}
STAYS = "and its mail stays on the server, for /mail-restore"
"""What becomes of a mailbox that the mail system keeps."""

_WARNINGS = {
    TargetKind.USER: "This deletes the mailbox and all its mail. There is no way back after that.",
    TargetKind.DOMAIN: "This deletes the domain with all its users, their mail and its routing rules. There is no way back after that.",
    TargetKind.ROUTING_RULE: "This deletes the routing rule. Mail that it sends on is not sent on any more.",
}
_KEEPS = "This deletes the user and refuses its mail. The mailbox stays on the server: /mail-restore gives it back."

_KEPT = {
    TargetKind.USER: "The user and all its mail stay as they are.",
    TargetKind.DOMAIN: "The domain, its users and their mail stay as they are.",
    TargetKind.ROUTING_RULE: "The routing rule stays as it is.",
}


def warning(kind: TargetKind, snapshot: Snapshot) -> str:
    """What the form for a deletion begins with."""
    return _KEEPS if snapshot.kept else _WARNINGS[kind]


def what(deletion: Deletion) -> str:
    """The target, as a part of a sentence."""
    target = deletion.target
    return f"the {_NOUNS[target.kind]} {blocks.code(deletion.label)} ({blocks.escape(target.account, 100)})"


def loss(deletion: Deletion) -> str:
    """What is lost with it, as the end of a sentence."""
    return STAYS if deletion.snapshot.kept else _LOSS[deletion.target.kind]


def loss_of_all(rows: Sequence[Deletion]) -> str:
    """The same of several mail users."""
    staying = sum(row.snapshot.kept for row in rows)
    if staying == len(rows):
        return "and their mail stays on the server, for /mail-restore"
    if not staying:
        return "for good, with all their mail"
    return f"for good, with all their mail; only that of {staying} stays on the server, for /mail-restore"


def kept(deletion: Deletion) -> str:
    return _KEPT[deletion.target.kind]


def goes_along(snapshot: Snapshot) -> str | None:
    """Who and what is deleted together with a domain."""
    if not snapshot.users and not snapshot.rules:
        return None
    parts = [
        f"*{count(len(names), noun)}*: {_names(names)}"
        for noun, names in (("mail user", snapshot.users), ("routing rule", snapshot.rules))
        if names
    ]
    return "*With it go*   " + "\n".join(parts)


def waits(requested_by: str, what: str = "it") -> str:
    """What has to happen to what that person has asked for and is held, after "waits"."""
    return f"until an owner other than <@{requested_by}> releases {what} (or another admin, where there is no such owner)"


def when(deletion: Deletion, now: datetime) -> str:
    """When it will happen."""
    if deletion.state is DeletionState.EXECUTING:
        return "It is being deleted right now."
    if deletion.is_held:
        why = "" if deletion.last_error is None else f" {blocks.sentence(deletion.last_error, 500)}"
        return f"Held: it waits {waits(deletion.requested_by)}.{why}"
    if deletion.execute_at is None:
        grace = blocks.duration(deletion.grace)
        return f"Waits for Slack to take the notice; the {grace} begin when it is posted."
    if deletion.last_error is not None and deletion.execute_at <= now:
        return f"Due since {blocks.date(deletion.execute_at)}, and tried again: {blocks.escape(deletion.last_error, 500)}"
    if deletion.execute_at <= now:
        return f"Due since {blocks.date(deletion.execute_at)}: it is deleted in a moment."
    return f"Will be deleted {blocks.date(deletion.execute_at)}, in {blocks.duration(deletion.execute_at - now)}."


def end(deletion: Deletion) -> str:
    """How it ended."""
    at = "" if deletion.finished_at is None else f" {blocks.date(deletion.finished_at)}"
    match deletion.state:
        case DeletionState.DELETED:
            return f":white_check_mark: Deleted{at}."
        case DeletionState.CANCELLED:
            return f":no_entry_sign: Cancelled by <@{deletion.cancelled_by}>{at}."
        case DeletionState.FAILED:
            return f":warning: Failed{at}: {blocks.escape(deletion.last_error or 'no reason is known', 500)}"
        case DeletionState.DROPPED:
            return f":no_entry_sign: Failed, and dropped by <@{deletion.cancelled_by}>{at}."
        case _:
            return "Still queued."


def state(deletion: Deletion, now: datetime) -> str:
    """In one line, whatever state it is in."""
    return when(deletion, now) if deletion.state.is_open else end(deletion)


def word(deletion: Deletion) -> str:
    """Where it stands, as short as can be."""
    match deletion.state:
        case DeletionState.REQUESTED | DeletionState.PENDING:
            return "Waiting" if deletion.last_error is None else "Waiting; tried again"
        case DeletionState.HELD:
            return "Held"
        case DeletionState.EXECUTING:
            return "Being deleted"
        case DeletionState.DELETED:
            return ":white_check_mark: Deleted"
        case DeletionState.CANCELLED:
            return f":no_entry_sign: Cancelled by <@{deletion.cancelled_by}>"
        case DeletionState.FAILED:
            return ":warning: Failed: /mail-pending history says why"
        case DeletionState.DROPPED:
            return f":no_entry_sign: Failed, and dropped by <@{deletion.cancelled_by}>"


def cancelled(gone: Sequence[Deletion], missed: Sequence[str] = ()) -> str:
    """What to say to the person who has just cancelled them. Plain text."""
    if len(gone) == 1:
        told = f"Cancelled: {blocks.cut(gone[0].label, 120)} stays as it is."
    else:
        told = f"Cancelled: {len(gone)} deletions. All of that stays as it is."
    return " ".join([told if gone else "Nothing was cancelled.", *missed])


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(blocks.code(name, 100) for name in names[:NAMED])
    return shown if len(names) <= NAMED else f"{shown} and {len(names) - NAMED} more"
