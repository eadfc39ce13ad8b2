"""What several replicas do to the same rows at once, and what a search finds, on both engines."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.model import MailDomain
from bot.storage import directory, submissions
from bot.storage.database import Database

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


async def fill(database: Database, *addresses: str) -> None:
    async with database.transaction() as session:
        await directory.put_listing(session, "main", frozenset(addresses), asked_at=NOW, prune=True)


async def found(database: Database, text: str) -> list[str]:
    async with database.reading() as session:
        users, matching, _ = await directory.search(session, text, accounts=["main"], offset=0, limit=50)
    assert matching == len(users)
    return [user.address for user in users]


async def test_two_replicas_that_refresh_at_once_leave_each_domain_once(
    database: Database, database_url: str
) -> None:
    other = Database(database_url)
    listed = [MailDomain("main", f"d{number}.example", None) for number in range(20)]

    async def refresh(replica: Database) -> None:
        async with replica.transaction() as session:
            await directory.put_domains(session, "main", listed)

    await asyncio.gather(*(refresh(replica) for replica in (database, other) * 10))
    await other.aclose()
    async with database.reading() as session:
        assert sorted(domain.name for domain in await directory.domains(session)) == sorted(
            domain.name for domain in listed
        )


async def test_two_replicas_that_take_over_a_listing_at_once_do_not_block_each_other(
    database: Database, database_url: str
) -> None:
    other = Database(database_url)
    names = [f"u{number}@acme.example" for number in range(200)]
    await asyncio.gather(*(fill(replica, *names) for replica in (database, other) * 5))
    await other.aclose()
    async with database.reading() as session:
        _, matching, total = await directory.search(session, "", accounts=["main"], offset=0, limit=5)
    assert (matching, total) == (200, 200)


async def test_one_form_sent_to_two_replicas_is_taken_once(database: Database, database_url: str) -> None:
    other = Database(database_url)

    async def send(replica: Database) -> bool:
        async with replica.transaction() as session:
            return await submissions.begin(session, "nonce", operator="U0ADA", now=NOW) is None

    taken = await asyncio.gather(*(send(replica) for replica in (database, other) * 10))
    await other.aclose()
    assert taken.count(True) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("anna", ["anna@acme.example", "joanna@acme.example"]),
        ("50%", ["50%_off@acme.example"]),
        ("_off", ["50%_off@acme.example"]),
        ("e_", []),
        ("\\", ["back\\slash@acme.example"]),
        ("'", ["o'hara@acme.example"]),
        ("zoë", ["zoë@acme.example"]),
    ],
)
async def test_search_takes_every_character_as_itself(
    database: Database, text: str, expected: list[str]
) -> None:
    names = ("anna", "joanna", "50%_off", "zoë", "o'hara", "back\\slash", "a-b", "ab")
    await fill(database, *(f"{name}@acme.example" for name in names))
    assert await found(database, text) == expected


async def test_users_that_a_listing_does_not_name_are_gone_unless_touched_later(database: Database) -> None:
    await fill(database, "anna@acme.example", "ben@acme.example")
    async with database.transaction() as session:
        later = NOW + timedelta(minutes=2)
        await directory.put_user(session, "main", "new@acme.example", now=later, gone=False)
        await directory.put_listing(
            session,
            "main",
            frozenset({"anna@acme.example"}),
            asked_at=NOW + timedelta(minutes=1),
            prune=True,
        )
    assert await found(database, "") == ["anna@acme.example", "new@acme.example"]
