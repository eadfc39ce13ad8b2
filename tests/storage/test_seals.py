"""Seals over the audit trail, on both engines: one chain, whoever writes, and whatever is done to it afterwards shows."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from bot import audit_trail
from bot.audit import Act, record
from bot.audit_trail import NAMED, Verdict
from bot.storage import seals
from bot.storage.database import Database
from bot.storage.seals import Seal

AT = datetime(2026, 11, 21, 9, 0, 0, 123_456, tzinfo=UTC)
NAMES = ["anna", "ben", "carla", "dmitri", "emre", "fatima"]


async def note(database: Database, *names: str) -> None:
    """One transaction with an entry about each of them."""
    async with database.transaction() as session:
        for number, name in enumerate(names):
            await record(
                session,
                at=AT + timedelta(seconds=number),
                actor="U0ADA",
                act=Act.CREATED,
                account="main",
                target=f"{name}@acme.example",
                detail='„ümläut“ "quoted" \\ 🦉',
            )


async def tamper(database: Database, *statements: str) -> None:
    async with database.transaction() as session:
        for statement in statements:
            _ = await session.execute(text(statement))


async def newest(database: Database) -> Seal:
    async with database.reading() as session:
        seal = await seals.newest(session)
    assert seal is not None
    return seal


async def test_every_entry_has_a_seal_in_the_order_of_the_commits(database: Database) -> None:
    await note(database, "anna", "ben")
    await note(database, "carla")
    found = await audit_trail.verify(database)
    assert found == Verdict(3, await newest(database), (), 0)
    assert found.newest is not None
    assert (found.newest.number, len(found.newest.digest)) == (3, 64)


async def test_nothing_on_record_is_whole(database: Database) -> None:
    assert await audit_trail.verify(database) == Verdict(0, None, (), 0)


async def test_a_transaction_that_fails_leaves_no_seal(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as session:
            await record(session, at=AT, actor="U", act=Act.CREATED, account="main", target="x@y.example")
            raise RuntimeError("stop")

    await note(database, "anna")
    with pytest.raises(RuntimeError):
        await fail()
    await note(database, "ben")
    assert (await audit_trail.verify(database)).holds
    assert (await newest(database)).number == 2


async def test_writers_at_the_same_time_make_one_chain(database: Database) -> None:
    await asyncio.gather(*(note(database, *NAMES[:3]) for _ in range(20)))
    found = await audit_trail.verify(database)
    assert (found.sealed, found.problems) == (60, ())


SLIPPED_IN = """INSERT INTO audit (id, at, actor, act, account, target, detail)
    VALUES (50, '2026-11-21 09:00:00.000000', 'U0BEN', 'created', 'main', 'x@y.example', '')"""
CHANGED = "Entry 3 does not fit its seal 3: it or a seal was changed afterwards."


@pytest.mark.parametrize(
    ("statements", "problems"),
    [
        (["UPDATE audit SET detail = 'nothing' WHERE id = 3"], [CHANGED]),
        (["UPDATE audit SET actor = 'U0BEN' WHERE id = 3"], [CHANGED]),
        (["UPDATE audit SET target = 'x@y.example' WHERE id = 3"], [CHANGED]),
        (["UPDATE audit SET act = 'deletion_done' WHERE id = 3"], [CHANGED]),
        (["UPDATE audit SET account = 'box' WHERE id = 3"], [CHANGED]),
        (["UPDATE audit SET at = '2026-11-21 09:00:02.123457' WHERE id = 3"], [CHANGED]),
        (["DELETE FROM audit WHERE id = 3"], ["Entry 3 (seal 3) is missing."]),
        (
            ["UPDATE audit SET id = 99 WHERE id = 3"],
            [
                "Entry 3 (seal 3) is missing.",
                "Entry 99 has no seal: it was not written by Mailwarden, or its seal was removed.",
            ],
        ),
        (
            ["DELETE FROM audit WHERE id = 3", "DELETE FROM audit_seals WHERE number = 3"],
            [
                "Seal 3 is missing.",
                "Entry 4 does not fit its seal 4: it or a seal was changed afterwards.",
            ],
        ),
        (
            ["DELETE FROM audit_seals WHERE number IN (2, 3)"],
            [
                "The seals 2 to 3 are missing.",
                "Entry 4 does not fit its seal 4: it or a seal was changed afterwards.",
                "Entry 2 has no seal: it was not written by Mailwarden, or its seal was removed.",
                "Entry 3 has no seal: it was not written by Mailwarden, or its seal was removed.",
            ],
        ),
        (
            ["UPDATE audit_seals SET digest = 'made up' WHERE number = 3"],
            [CHANGED, "Entry 4 does not fit its seal 4: it or a seal was changed afterwards."],
        ),
        (
            [SLIPPED_IN],
            ["Entry 50 has no seal: it was not written by Mailwarden, or its seal was removed."],
        ),
    ],
)
async def test_what_is_done_to_it_afterwards_shows(
    database: Database, statements: list[str], problems: list[str]
) -> None:
    await note(database, *NAMES)
    await tamper(database, *statements)
    found = await audit_trail.verify(database)
    assert (list(found.problems), found.wrong) == (problems, len(problems))
    assert not found.holds


async def test_of_many_problems_some_are_named_and_all_are_counted(database: Database) -> None:
    for _ in range(5):
        await note(database, *NAMES)
    await tamper(database, "UPDATE audit SET detail = ''")
    found = await audit_trail.verify(database)
    assert (len(found.problems), found.wrong) == (NAMED, 30)
    await tamper(database, "DELETE FROM audit_seals")
    found = await audit_trail.verify(database)
    assert (len(found.problems), found.wrong) == (NAMED, 30)


async def test_a_known_seal_tells_of_a_trail_that_was_sealed_anew(database: Database) -> None:
    await note(database, *NAMES)
    known = await newest(database)
    await note(database, "georg")
    for digits in (64, 16):
        assert (await audit_trail.verify(database, (known.number, known.digest[:digits]))).holds
    # Whoever can write may begin all over again, and it holds together.
    await tamper(database, "DELETE FROM audit_seals", "DELETE FROM audit")
    await note(database, "eve", *NAMES[1:], "georg")
    assert (await audit_trail.verify(database)).holds
    found = await audit_trail.verify(database, (known.number, known.digest))
    assert found.problems == (
        "Seal 6 is not the one that you know: entries up to it were changed, and sealed anew.",
    )


async def test_a_known_seal_tells_of_an_end_that_was_cut_off(database: Database) -> None:
    await note(database, *NAMES)
    known = await newest(database)
    await tamper(database, "DELETE FROM audit_seals WHERE number > 4", "DELETE FROM audit WHERE id > 4")
    assert (await audit_trail.verify(database)).holds
    assert (await audit_trail.verify(database, (known.number, known.digest))).problems == (
        "Seal 6, which you know, is not there: entries were removed from the end, or all were made anew.",
    )
