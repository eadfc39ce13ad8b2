"""What several replicas do to the same rows at once, and what a search finds, on both engines."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.model import UNTOLD, MailDomain, MailUser, Target, TargetKind, UserDetails
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


ANNA, BEN = "anna@acme.example", "ben@acme.example"
LARGE = UserDetails(admin=True, quota=9_000_000_000, used=4_000_000_000)


async def listed(database: Database, *addresses: str, minutes: int, **more: Any) -> None:
    async with database.transaction() as session:
        await directory.put_listing(
            session,
            "box",
            frozenset(addresses),
            asked_at=NOW + timedelta(minutes=minutes),
            prune=True,
            **more,
        )


async def user(database: Database, address: str) -> MailUser | None:
    async with database.reading() as session:
        return next(iter(await directory.find(session, address, archived=None)), None)


async def test_what_a_listing_tells_of_a_user_is_known_and_follows_the_next_one(database: Database) -> None:
    await listed(database, ANNA, BEN, minutes=0, details={ANNA: LARGE})
    assert await user(database, ANNA) == MailUser("box", ANNA, details=LARGE)
    assert await user(database, BEN) == MailUser("box", BEN, details=UNTOLD)
    await listed(database, ANNA, BEN, minutes=1, details={BEN: LARGE})
    assert await user(database, ANNA) == MailUser("box", ANNA, details=UNTOLD)
    assert await user(database, BEN) == MailUser("box", BEN, details=LARGE)


async def test_archived_users_are_found_where_they_are_asked_for_and_nowhere_else(database: Database) -> None:
    await listed(database, ANNA, minutes=0, archived=frozenset({BEN}))
    async with database.reading() as session:
        for archived, expected in ((False, [ANNA]), (True, [BEN]), (None, [ANNA, BEN])):
            users, matching, total = await directory.search(
                session, "", accounts=["box"], offset=0, limit=9, archived=archived
            )
            assert [user.address for user in users] == expected
            assert (matching, total) == (len(expected), len(expected))
        assert await directory.find(session, BEN) == []
        assert await directory.find(session, ANNA, archived=True) == []
        assert await directory.gone_among(session, [Target("box", TargetKind.USER, BEN)])


async def test_who_is_archived_keeps_the_details_of_before_until_the_mailbox_is_gone(
    database: Database,
) -> None:
    await listed(database, ANNA, minutes=0, details={ANNA: LARGE})
    await listed(database, minutes=1, archived=frozenset({ANNA}))
    assert await user(database, ANNA) == MailUser("box", ANNA, archived=True, details=LARGE)
    await listed(database, minutes=2)
    assert await user(database, ANNA) is None


async def test_who_is_created_on_an_old_address_has_none_of_its_details(database: Database) -> None:
    await listed(database, ANNA, minutes=0, details={ANNA: LARGE})
    async with database.transaction() as session:
        await directory.put_user(session, "box", ANNA, now=NOW, gone=False)
    assert await user(database, ANNA) == MailUser("box", ANNA, details=LARGE)
    async with database.transaction() as session:
        await directory.put_user(session, "box", ANNA, now=NOW, gone=True, archived=True)
    assert await user(database, ANNA) == MailUser("box", ANNA, archived=True, details=LARGE)
    async with database.transaction() as session:
        await directory.put_user(session, "box", ANNA, now=NOW, gone=False)
    assert await user(database, ANNA) == MailUser("box", ANNA)


async def test_listing_from_before_a_restore_does_not_archive_again(database: Database) -> None:
    await listed(database, minutes=0, archived=frozenset({ANNA}))
    async with database.transaction() as session:
        later = NOW + timedelta(minutes=2)
        await directory.put_user(session, "box", ANNA, now=later, gone=False, details=LARGE)
    await listed(database, minutes=1, archived=frozenset({ANNA}))
    assert await user(database, ANNA) == MailUser("box", ANNA, details=LARGE)
    await listed(database, minutes=3, archived=frozenset({ANNA}))
    assert await user(database, ANNA) == MailUser("box", ANNA, archived=True, details=LARGE)
