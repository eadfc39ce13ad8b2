"""A deletion as a row, and back."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.model import Deletion, DeletionState, Snapshot, Target, TargetKind


def to_row(deletion: Deletion) -> dict[str, Any]:
    return {
        "id": deletion.id,
        "request_id": deletion.request_id,
        "account": deletion.target.account,
        "kind": deletion.target.kind.value,
        "target_id": deletion.target.id,
        "label": deletion.label,
        "reason": deletion.reason,
        "requested_by": deletion.requested_by,
        "requested_at": deletion.requested_at,
        "grace_seconds": int(deletion.grace.total_seconds()),
        "state": deletion.state.value,
        "snapshot": _snapshot_row(deletion.snapshot),
        "notice_channel": deletion.notice_channel,
        "notice_ts": deletion.notice_ts,
        "noticed_at": deletion.noticed_at,
        "execute_at": deletion.execute_at,
        "reminded_at": deletion.reminded_at,
        "hold_id": deletion.hold_id,
        "released_by": deletion.released_by,
        "removals": deletion.removals,
        "claimed_by": deletion.claimed_by,
        "lease_until": deletion.lease_until,
        "attempts": deletion.attempts,
        "last_error": deletion.last_error,
        "can_retry": deletion.can_retry,
        "finished_at": deletion.finished_at,
        "cancelled_by": deletion.cancelled_by,
        "version": deletion.version,
    }


def from_row(row: Mapping[Any, Any]) -> Deletion:
    return Deletion(
        id=row["id"],
        request_id=row["request_id"],
        target=Target(row["account"], TargetKind(row["kind"]), row["target_id"]),
        label=row["label"],
        reason=row["reason"],
        requested_by=row["requested_by"],
        requested_at=row["requested_at"],
        grace=timedelta(seconds=row["grace_seconds"]),
        state=DeletionState(row["state"]),
        snapshot=_snapshot(row["snapshot"]),
        notice_channel=row["notice_channel"],
        notice_ts=row["notice_ts"],
        noticed_at=row["noticed_at"],
        execute_at=row["execute_at"],
        reminded_at=row["reminded_at"],
        hold_id=row["hold_id"],
        released_by=row["released_by"],
        removals=row["removals"],
        claimed_by=row["claimed_by"],
        lease_until=row["lease_until"],
        attempts=row["attempts"],
        last_error=row["last_error"],
        can_retry=row["can_retry"],
        finished_at=row["finished_at"],
        cancelled_by=row["cancelled_by"],
        version=row["version"],
    )


def _snapshot_row(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "users": list(snapshot.users),
        "rules": list(snapshot.rules),
        "content": snapshot.content,
        "kept": snapshot.kept,
    }


def _snapshot(row: Mapping[str, Any]) -> Snapshot:
    return Snapshot(
        users=tuple(row.get("users", ())),
        rules=tuple(row.get("rules", ())),
        content=row.get("content", ""),
        kept=row.get("kept", False),
    )
