"""How many mail users each domain has, on both databases."""

from datetime import UTC, datetime

from bot.storage import directory, user_counts
from bot.storage.database import Database

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ACME, OTHER, BOX = ("main", "acme.example"), ("main", "sub.acme.example"), ("box", "acme.example")


async def test_users_are_counted_by_account_and_domain_without_those_who_are_gone(database: Database) -> None:
    users = [
        ("main", "anna@acme.example", False),
        ("main", "ben@acme.example", False),
        ("main", "gone@acme.example", True),
        ("main", "anna@sub.acme.example", False),
        ("box", "anna@acme.example", False),
        ("main", "anna@elsewhere.example", False),
    ]
    async with database.transaction() as session:
        for account, address, gone in users:
            await directory.put_user(session, account, address, now=NOW, gone=gone)
    async with database.reading() as session:
        assert await user_counts.by_domain(session, [ACME, OTHER, BOX]) == {ACME: 2, OTHER: 1, BOX: 1}
        assert await user_counts.by_domain(session, [ACME]) == {ACME: 2}
        assert await user_counts.by_domain(session, [("box", "sub.acme.example")]) == {}
        assert await user_counts.by_domain(session, []) == {}
