"""The buttons on messages about deletions: Cancel, Cancel all, Release, Retry, Drop.

Messages stay for days: renaming one of these action ids kills the buttons that are already in the channel.
"""

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import ButtonElement, ConfirmObject, OverflowMenuElement

from bot.model import Deletion, Role
from bot.services import Services
from handlers import blocks
from handlers.deletion_words import cancelled, count
from handlers.listening import listener
from handlers.turn import Turn

CANCEL = "deletion_notice.cancel"
CANCEL_ALL = "deletion_notice.cancel_all"
CANCEL_HELD = "deletion_notice.cancel_held"
RELEASE = "deletion_notice.release"
RETRY = "deletion_notice.retry"
DROP = "deletion_notice.drop"
FAILED = "deletion_notice.failed"


def register(app: AsyncApp, services: Services) -> None:
    for action_id, run in (
        (CANCEL, cancel),
        (CANCEL_ALL, cancel_all),
        (CANCEL_HELD, cancel_held),
        (RELEASE, release),
        (RETRY, retry),
        (DROP, drop),
        (FAILED, retry_or_drop),
    ):
        app.action(action_id)(listener(services, run, need=Role.ADMIN, fresh=True))


async def cancel(turn: Turn) -> None:
    await turn.ack()
    gone = await turn.services.deletions.cancel(turn.operator, turn.value)
    await turn.tell(blocks.sentence(cancelled([gone])))


async def cancel_all(turn: Turn) -> None:
    await turn.ack()
    ended = await turn.services.deletions.cancel_request(turn.operator, turn.value)
    await turn.tell(blocks.sentence(cancelled(ended.done, ended.missed)))


async def cancel_held(turn: Turn) -> None:
    await turn.ack()
    ended = await turn.services.deletions.cancel_hold(turn.operator, turn.value)
    await turn.tell(blocks.sentence(cancelled(ended.done, ended.missed)))


async def release(turn: Turn) -> None:
    await turn.ack()
    await turn.tell(blocks.sentence(await released(turn, turn.value)))


async def released(turn: Turn, hold_id: str) -> str:
    """Release a hold, and what to say about it."""
    ended = await turn.services.deletions.release(turn.operator, hold_id)
    told = f"Released: {count(len(ended.done), 'deletion')}. The grace period begins now, and any admin can still cancel."
    return " ".join([told, *ended.missed])


async def retry(turn: Turn) -> None:
    await turn.ack()
    await turn.tell(blocks.sentence(await retried_or_dropped(turn, "retry", turn.value)))


async def drop(turn: Turn) -> None:
    await turn.ack()
    await turn.tell(blocks.sentence(await retried_or_dropped(turn, "drop", turn.value)))


async def retry_or_drop(turn: Turn) -> None:
    await turn.ack()
    choice, _, deletion_id = turn.value.partition(" ")
    await turn.tell(blocks.sentence(await retried_or_dropped(turn, choice, deletion_id)))


async def retried_or_dropped(turn: Turn, choice: str, deletion_id: str) -> str:
    """Do it, and what to say about it."""
    if choice == "retry":
        return retried(await turn.services.deletions.retry(turn.operator, deletion_id))
    return dropped(await turn.services.deletions.drop(turn.operator, deletion_id))


def retried(row: Deletion) -> str:
    return f"The deletion of {blocks.cut(row.label, 120)} is queued again: the notice says when it is tried."


def dropped(row: Deletion) -> str:
    return f"Dropped: the deletion of {blocks.cut(row.label, 120)} is not tried again."


def cancel_button(
    deletion: Deletion, action_id: str = CANCEL, *, text: str = "Cancel deletion", brief: bool = False
) -> ButtonElement:
    """`brief`: among many, where all texts of a message together are limited."""
    stays = (
        "It stays as it is." if brief else f"{deletion.label} stays as it is, with all that belongs to it."
    )
    return blocks.button(
        text,
        action_id,
        value=deletion.id,
        about=deletion.label,
        confirm=ConfirmObject(
            title="Cancel this deletion?",
            text=blocks.plain(stays, 300),
            confirm="Cancel it" if brief else "Cancel deletion",
            deny="Keep it queued",
        ),
    )


def cancel_all_button(subject: str, number: int, action_id: str = CANCEL_ALL) -> ButtonElement:
    """`subject`: the request's id, or the hold's."""
    return blocks.button(
        "Cancel all",
        action_id,
        value=subject,
        about=f"of {count(number, 'deletion')}",
        confirm=ConfirmObject(
            title="Cancel all of them?",
            text=blocks.plain(f"{count(number, 'deletion')} will not happen. All of that stays as it is."),
            confirm="Cancel all",
            deny="Keep them queued",
        ),
    )


def release_button(hold_id: str, number: int, action_id: str = RELEASE) -> ButtonElement:
    return blocks.button(
        "Release",
        action_id,
        value=hold_id,
        about=count(number, "deletion"),
        confirm=ConfirmObject(
            title="Release them?",
            text=blocks.plain(
                f"You vouch for {count(number, 'deletion')}. The grace period begins now; until it ends any admin can cancel."
            ),
            confirm="Release",
            deny="Keep them held",
        ),
    )


def retry_button(deletion: Deletion, action_id: str = RETRY) -> ButtonElement:
    grace = blocks.duration(deletion.grace)
    return blocks.button(
        "Retry",
        action_id,
        value=deletion.id,
        about=deletion.label,
        confirm=ConfirmObject(
            title="Try to delete it again?",
            text=blocks.plain(
                f"{deletion.label} is deleted{_for_good(deletion)}. It is tried at once; if it failed more than {grace} ago, "
                "the grace period starts over.",
                300,
            ),
            confirm="Retry",
            deny="Not now",
        ),
    )


def drop_button(deletion: Deletion, action_id: str = DROP) -> ButtonElement:
    return blocks.button(
        "Drop",
        action_id,
        value=deletion.id,
        about=deletion.label,
        confirm=ConfirmObject(
            title="Drop this deletion?",
            text=blocks.plain(f"{deletion.label} stays, and is not tried again.", 300),
            confirm="Drop",
            deny="Keep it",
        ),
    )


def failed_menu(deletion: Deletion, action_id: str = FAILED, *, brief: bool = False) -> OverflowMenuElement:
    """Retry and Drop where there is room for one element only."""
    what = "it" if brief else deletion.label
    return OverflowMenuElement(
        action_id=action_id,
        options=[
            blocks.option("Retry", f"retry {deletion.id}"),
            blocks.option("Drop", f"drop {deletion.id}"),
        ],
        confirm=ConfirmObject(
            title="Are you sure?",
            text=blocks.plain(f"Retry deletes {what}{_for_good(deletion)}. Drop leaves it there.", 300),
            confirm="Yes",
            deny="No",
        ),
    )


def held_menu(deletion: Deletion, action_id: str) -> OverflowMenuElement:
    """Release and Cancel where there is room for one element only."""
    return OverflowMenuElement(
        action_id=action_id,
        options=[
            blocks.option("Release all held with it", f"release {deletion.hold_id}"),
            blocks.option("Cancel this deletion", f"cancel {deletion.id}"),
        ],
        confirm=ConfirmObject(
            title="Are you sure?",
            text=blocks.plain(
                "Release: you vouch for all deletions of this hold, and their grace period begins now. "
                f"Cancel: {deletion.label} stays.",
                300,
            ),
            confirm="Yes",
            deny="No",
        ),
    )


def _for_good(deletion: Deletion) -> str:
    return "" if deletion.snapshot.kept else " for good"
