"""The promises of the queue, judged after each step by what the systems outside hold and what people were told."""

from collections import Counter
from datetime import datetime, timedelta

from bot.model import TargetKind
from tests.deletions.histories import mail, records
from tests.deletions.histories.journal import DeleteCall
from tests.deletions.histories.tables import ENDED, OPEN, Contents, Row
from tests.deletions.histories.told import Asked, Told
from tests.deletions.histories.world import OWNER, World

WINDOW = timedelta(hours=1)


def check(world: World, told: Told) -> Contents:
    """All that must be true after any step. Returns what the tables hold."""
    contents = world.tables.contents()
    for row in contents.rows.values():
        if row.id not in told.asked:
            told.asked[row.id] = _newly_asked(row, told)
    for index in range(told.judged, len(world.journal.deletes)):
        judge(world, told, index)
        call = world.journal.deletes[index]
        if call.had_effect:
            told.taken += [(target, index) for target in mail.PEOPLE if target.id in call.sight.belongings]
    told.judged = len(world.journal.deletes)
    _one_open_per_target(contents)
    for row in contents.rows.values():
        _row(world, told, row)
    _ended_stays_ended(told.before, contents)
    records.check(told.before.audit, contents)
    gone = world.tables.gone()
    told.vanished |= {row.id for row in contents.rows.values() if row.state in OPEN and row.target.id in gone}
    told.before = contents
    return contents


def _newly_asked(row: Row, told: Told) -> Asked:
    asking = next(
        (one for one in told.asking if one.by == row.requested_by and row.target in one.graces), None
    )
    assert asking is not None, f"nobody asked for {row}"
    return Asked(row.requested_by, row.requested_at, asking.graces[row.target], asking.sights[row.target])


def judge(world: World, told: Told, index: int) -> None:
    """Whether the mail system may be asked this."""
    call = world.journal.deletes[index]
    row = call.row
    assert row is not None, f"asked to delete what nothing on the queue is about: {call}"
    word = told.cancelled.get(row.id)
    assert word is None or index < word.calls, f"deleted after it was cancelled: {call}"
    _was_seen(world, told, row, call)
    _is_free(told, row, call)
    _may_go(world, told, row, call)
    asked = told.asked[row.id]
    assert call.sight.content == asked.sight.content, f"another one was deleted: {call}"
    new = call.sight.belongings - asked.sight.belongings
    assert not new, f"{new} went along unannounced: {call}"
    assert row.id not in told.vanished, f"deleted though its target was seen to be gone: {call}"
    assert row.target.kind is not TargetKind.USER or not call.gone, f"deleted who was seen to be gone: {call}"
    for earlier in range(index):
        first = world.journal.deletes[earlier]
        if first.had_effect and first.row is not None and first.row.id == row.id:
            back = any(target == row.target and earlier < at <= index for target, at in told.came_back)
            assert back, f"deleted a second time: {call}"


def _was_seen(world: World, told: Told, row: Row, call: DeleteCall) -> None:
    assert call.post is not None, f"its notice was never posted: {call}"
    assert call.stood, f"its notice did not stand in the channel: {call}"
    posts = [
        post
        for post in world.journal.posts
        if post.label.subject == row.request_id and post.label.kind == "deletion"
    ]
    grace = told.asked[row.id].grace
    retried = told.retried.get(row.id)
    if retried is None or call.post.at > retried.at:
        assert call.at - call.post.at >= grace, f"deleted before the grace period was over: {call}"
    else:
        assert any((post.removed_at or call.at) - post.at >= grace for post in posts), f"too early: {call}"
        assert retried.lately or call.at - retried.at >= grace, f"an old failure was retried at once: {call}"


def _is_free(told: Told, row: Row, call: DeleteCall) -> None:
    if row.hold_id is None:
        return
    assert row.released_by is not None, f"deleted while it was held: {call}"
    assert row.released_by != row.requested_by, f"released by the person who asked: {call}"
    assert row.released_by == OWNER, f"released by somebody who is no owner: {call}"
    word = told.released.get(row.id)
    assert word is None or call.at - word.at >= told.asked[row.id].grace, f"too early after release: {call}"


def _may_go(world: World, told: Told, row: Row, call: DeleteCall) -> None:
    vouches = row.released_by or row.requested_by
    before = told.before.rows.get(row.id)
    # A worker may have been killed between the start and the call.
    started_before = (before is not None and before.state == "executing") or any(
        first.row is not None and first.row.id == row.id
        for first in world.journal.deletes
        if first is not call
    )
    assert started_before or vouches in world.admins, f"nobody vouches for it: {call}"
    kept = set(world.config.protected)
    if row.target.kind is not TargetKind.ROUTING_RULE:
        assert row.target.id not in kept, f"protected: {call}"
    assert not kept & call.sight.belongings, f"a protected user went along: {call}"


def _one_open_per_target(contents: Contents) -> None:
    counted = Counter(row.target for row in contents.rows.values() if row.state in OPEN)
    assert all(number == 1 for number in counted.values()), counted


def _row(world: World, told: Told, row: Row) -> None:
    asked = told.asked[row.id]
    assert row.grace == asked.grace, f"the grace period was changed: {row}"
    assert row.requested_by == asked.by
    if row.state in {"requested", "held"}:
        assert row.execute_at is None, f"a time is set though it waits: {row}"
    if row.state == "held":
        assert row.is_held, row
    if row.state in {"pending", "executing"}:
        assert not row.is_held, row
        _time_is_right(world, told, row)
    if row.id in told.cancelled:
        assert row.state == "cancelled", f"told that it is cancelled: {row}"
        assert row.cancelled_by == told.cancelled[row.id].by, row
    if row.state == "deleted":
        done = any(
            call.row is not None and call.row.id == row.id and call.had_effect
            for call in world.journal.deletes
        )
        assert done or any(target == row.target for target, _ in told.taken), f"not deleted: {row}"


def _time_is_right(world: World, told: Told, row: Row) -> None:
    assert row.noticed_at is not None, row
    assert row.execute_at is not None, row
    if row.state == "pending" and row.id not in told.retried:
        assert row.execute_at >= row.noticed_at + row.grace, f"the grace period was shortened: {row}"
    post = next((post for post in world.journal.posts if post.ts == row.notice_ts), None)
    assert post is not None, f"no such message was ever posted: {row}"
    assert post.at <= row.noticed_at or row.id in told.retried, f"noticed before it was posted: {row}"


def _ended_stays_ended(before: Contents, after: Contents) -> None:
    for id_, row in before.rows.items():
        now = after.rows.get(id_)
        assert now is not None, f"a row is gone: {row}"
        if row.state in ENDED and not row.can_retry:
            assert (now.state, now.finished_at, now.cancelled_by) == (
                row.state,
                row.finished_at,
                row.cancelled_by,
            ), f"{row} became {now}"


def check_mass(world: World, contents: Contents, operator: str, now: datetime) -> None:
    """Right after somebody asked: too much within an hour is held, all of it."""
    recent = [
        row
        for row in contents.rows.values()
        if row.requested_by == operator and row.requested_at > now - WINDOW and row.released_by is None
    ]
    if len(recent) > world.config.mass_threshold:
        loose = [row for row in recent if row.state in {"requested", "pending"} and not row.is_held]
        assert not loose, f"{len(recent)} within an hour, and not held: {loose}"
