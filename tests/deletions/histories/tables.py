"""The bot's tables as they are in the file, read without the bot's own code."""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.model import Target, TargetKind
from tests.deletions.histories import mail

EMPTIED = (
    "deletions",
    "notices",
    "paces",
    "audit_seals",
    "audit",
    "submissions",
    "directory_users",
    "slots",
    "digests",
    "outages",
)
CANCELLABLE = frozenset({"requested", "held", "pending"})
OPEN = CANCELLABLE | {"executing"}
ENDED = frozenset({"deleted", "cancelled", "failed", "dropped"})


@dataclass(frozen=True, slots=True)
class Row:
    """A row of `deletions`."""

    id: str
    request_id: str
    target: Target
    label: str
    requested_by: str
    requested_at: datetime
    grace: timedelta
    state: str
    notice_ts: str | None
    noticed_at: datetime | None
    execute_at: datetime | None
    hold_id: str | None
    released_by: str | None
    removals: int
    lease_until: datetime | None
    last_error: str | None
    can_retry: bool
    finished_at: datetime | None
    cancelled_by: str | None

    @property
    def is_held(self) -> bool:
        return self.hold_id is not None and self.released_by is None

    @property
    def on_record(self) -> str:
        """How the audit trail names its target: a rule by what it does, since its number says nothing to people."""
        return self.label if self.target.kind is TargetKind.ROUTING_RULE else self.target.id


@dataclass(frozen=True, slots=True)
class Notice:
    kind: str
    subject: str
    wanted: int
    posted: int
    ts: str | None
    next_try_at: datetime
    lease_until: datetime | None
    open_until: datetime | None
    seen_ts: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of `audit`."""

    id: int
    at: str
    actor: str
    act: str
    target: str
    detail: str


@dataclass(frozen=True, slots=True)
class Contents:
    rows: dict[str, Row]
    notices: dict[tuple[str, str], Notice]
    audit: tuple[Entry, ...]


class Tables:
    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=0.05)
        self._connection.row_factory = sqlite3.Row

    def close(self) -> None:
        self._connection.close()

    def is_locked(self) -> bool:
        """Whether somebody is writing."""
        try:
            _ = self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        _ = self._connection.execute("ROLLBACK")
        return False

    def empty(self, now: datetime) -> None:
        """As after a first refresh of the directory, with nothing queued."""
        at = now.replace(tzinfo=None).isoformat(" ", "microseconds")
        _ = self._connection.execute("BEGIN IMMEDIATE")
        for table in (*EMPTIED, "directory_domains", "directory_accounts"):
            _ = self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names from above
        _ = self._connection.executemany(
            "INSERT INTO directory_users (account, address, touched_at, gone, archived) VALUES (?, ?, ?, 0, 0)",
            [(mail.ACCOUNT, address, at) for address in mail.USERS],
        )
        _ = self._connection.execute(
            "INSERT INTO directory_accounts (account, refreshed_at, tried_at) VALUES (?, ?, ?)",
            (mail.ACCOUNT, at, at),
        )
        _ = self._connection.execute("COMMIT")

    def rows(self) -> dict[str, Row]:
        found = self._connection.execute("SELECT * FROM deletions ORDER BY requested_at, rowid")
        return {one["id"]: _row(one) for one in found}

    def contents(self) -> Contents:
        """All of one moment."""
        _ = self._connection.execute("BEGIN")
        rows = self.rows()
        notices = self._connection.execute("SELECT * FROM notices")
        entries = self._connection.execute("SELECT id, at, actor, act, target, detail FROM audit ORDER BY id")
        contents = Contents(
            rows,
            {(one["kind"], one["subject"]): _notice(one) for one in notices},
            tuple(Entry(*one) for one in entries),
        )
        _ = self._connection.execute("COMMIT")
        return contents

    def notice(self, kind: str, subject: str) -> Notice | None:
        one = self._connection.execute(
            "SELECT * FROM notices WHERE kind = ? AND subject = ?", (kind, subject)
        ).fetchone()
        return None if one is None else _notice(one)

    def gone(self) -> frozenset[str]:
        """Addresses that the bot has seen to be gone."""
        found = self._connection.execute("SELECT address FROM directory_users WHERE gone")
        return frozenset(one["address"] for one in found)


def _row(one: Any) -> Row:
    return Row(
        id=one["id"],
        request_id=one["request_id"],
        target=Target(one["account"], TargetKind(one["kind"]), one["target_id"]),
        label=one["label"],
        requested_by=one["requested_by"],
        requested_at=_required(one["requested_at"]),
        grace=timedelta(seconds=one["grace_seconds"]),
        state=one["state"],
        notice_ts=one["notice_ts"],
        noticed_at=_moment(one["noticed_at"]),
        execute_at=_moment(one["execute_at"]),
        hold_id=one["hold_id"],
        released_by=one["released_by"],
        removals=one["removals"],
        lease_until=_moment(one["lease_until"]),
        last_error=one["last_error"],
        can_retry=bool(one["can_retry"]),
        finished_at=_moment(one["finished_at"]),
        cancelled_by=one["cancelled_by"],
    )


def _notice(one: Any) -> Notice:
    return Notice(
        kind=one["kind"],
        subject=one["subject"],
        wanted=one["wanted"],
        posted=one["posted"],
        ts=one["ts"],
        next_try_at=_required(one["next_try_at"]),
        lease_until=_moment(one["lease_until"]),
        open_until=_moment(one["open_until"]),
        seen_ts=one["seen_ts"],
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else _required(text)


def _required(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
