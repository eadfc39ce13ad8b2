"""When everything has come to rest, the channels tell the truth: one message for each request, and only live buttons."""

from collections.abc import Iterator
from typing import Any

from handlers import deletion_buttons as buttons
from tests.deletions.histories.journal import Post
from tests.deletions.histories.tables import CANCELLABLE, ENDED, Contents, Notice, Row
from tests.deletions.histories.told import Told
from tests.deletions.histories.world import World

ALONE = {
    "held": "wants to delete",
    "deleted": "was deleted",
    "cancelled": "cancelled the deletion of",
    "failed": "could not be deleted",
    "dropped": "dropped the failed deletion of",
}
"""What the notice of a single deletion says when it is at rest."""

AMONG = {
    "held": "Held",
    "deleted": "Deleted",
    "cancelled": "Cancelled by",
    "failed": "Failed",
    "dropped": "dropped by",
}
"""What its line says where it is one of several."""


def check(world: World, told: Told, contents: Contents) -> None:
    requests: dict[str, list[Row]] = {}
    for row in contents.rows.values():
        assert row.state in ENDED | {"held"}, f"never came to rest: {row}"
        requests.setdefault(row.request_id, []).append(row)
    for request_id, rows in requests.items():
        _request(world, told, contents, request_id, rows)
    for notice in contents.notices.values():
        assert notice.posted == notice.wanted, f"undelivered: {notice}"
    for hold_id in {row.hold_id for row in contents.rows.values() if row.state == "held"}:
        missing = _may_be_missing(told, contents.notices["hold", str(hold_id)])
        standing = world.journal.standing("hold", str(hold_id))
        assert standing or missing, f"nobody sees that it is held: {hold_id}"
    for post in world.journal.posts:
        if post.stands and post.label.subject not in told.untold | world.stays:
            _only_live_buttons(contents, post)


def _request(world: World, told: Told, contents: Contents, request_id: str, rows: list[Row]) -> None:
    standing = world.journal.standing("deletion", request_id)
    notice = contents.notices["deletion", request_id]
    if notice.ts is None:
        over = all(row.state in ENDED and not row.can_retry for row in rows)
        unannounced = over and all(row.notice_ts is None and not row.removals for row in rows)
        assert unannounced or request_id in told.said, f"no message tells the end of {rows}"
    else:
        recorded = [post for post in standing if post.ts == notice.ts]
        assert recorded or _may_be_missing(told, notice), f"the notice is not in its channel: {notice}"
        for post in recorded:
            _tells(post, rows)
    if request_id not in told.untold | world.stays:
        assert len(standing) == (0 if notice.ts is None else 1), f"{len(standing)} messages about {rows}"


def _may_be_missing(told: Told, notice: Notice) -> bool:
    """Whether the bot can't know that it was removed: Slack never told of that, and there has been nothing to say since."""
    return notice.ts in told.unseen and told.removed.get(str(notice.ts)) == notice.posted


def _tells(post: Post, rows: list[Row]) -> None:
    if len(rows) == 1:
        assert ALONE[rows[0].state] in post.message.text, f"{post.message.text!r} about {rows[0]}"
        return
    lines = {block["block_id"]: block["text"]["text"] for block in post.message.blocks if "text" in block}
    for row in rows:
        line = lines[f"deletion_{row.id}"]
        assert AMONG[row.state] in line, f"{line!r} about {row}"


def _only_live_buttons(contents: Contents, post: Post) -> None:
    rows = contents.rows.values()
    for action, value in _buttons(post.message.blocks):
        match action:
            case buttons.CANCEL:
                live = contents.rows[value].state in CANCELLABLE
            case buttons.CANCEL_ALL:
                live = any(row.request_id == value and row.state in CANCELLABLE for row in rows)
            case buttons.CANCEL_HELD | buttons.RELEASE:
                live = any(row.hold_id == value and row.is_held and row.state in CANCELLABLE for row in rows)
            case _:
                live = contents.rows[value.rpartition(" ")[2]].can_retry
        assert live, f"a dead button: {action} {value} in {post.label}: {post.message.text}"


def _buttons(part: Any) -> Iterator[tuple[str, str]]:
    """(action id, value) of every button and every choice of a menu in a message."""
    if isinstance(part, list):
        for one in part:
            yield from _buttons(one)
    elif isinstance(part, dict):
        if part.get("type") == "button":
            yield part["action_id"], part["value"]
        elif part.get("type") == "overflow":
            yield from ((part["action_id"], option["value"]) for option in part["options"])
        else:
            yield from _buttons(list(part.values()))
