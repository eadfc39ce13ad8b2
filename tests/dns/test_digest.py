"""The day's digest: the worst first, and the same after a night in the database."""

import json
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import FrozenClock
from bot.dns.digest import Digest
from bot.model import DnsRecord, DomainHealth, Finding, Grade, ProviderVerdict, Subject
from bot.storage import findings
from bot.storage.database import Database

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
RECORDS = st.builds(DnsRecord, TEXT, TEXT, TEXT, st.none() | st.integers(0, 65535))
FINDINGS = st.builds(
    Finding,
    subject=st.sampled_from(Subject),
    tag=TEXT,
    grade=st.sampled_from(Grade),
    summary=TEXT,
    why=TEXT,
    found=st.lists(TEXT, max_size=3).map(tuple),
    publish=st.lists(RECORDS, max_size=3).map(tuple),
)
VERDICTS = st.builds(
    ProviderVerdict, mx=st.booleans(), spf=st.booleans(), dkim=st.booleans(), dmarc=st.booleans()
)
HEALTHS = st.builds(
    DomainHealth,
    account=st.sampled_from(["main", "other"]),
    domain=TEXT,
    checked_at=st.datetimes(timezones=st.just(UTC)),
    findings=st.lists(FINDINGS, max_size=4).map(tuple),
    provider_verdict=st.none() | VERDICTS,
)
MANY = st.lists(HEALTHS, max_size=8, unique_by=lambda health: (health.account, health.domain))


def one(domain: str, grade: Grade) -> DomainHealth:
    return DomainHealth("main", domain, NOW, (Finding(Subject.MX, "MX", grade, "Words."),))


@given(MANY)
def test_a_digest_comes_back_from_json_as_it_was(healths: list[DomainHealth]) -> None:
    digest = Digest.build(healths, NOW)
    assert Digest.from_json(json.loads(json.dumps(digest.to_json()))) == digest


@given(MANY, st.randoms())
def test_the_order_is_by_consequence_then_name_whatever_came_first(
    healths: list[DomainHealth], chance: Random
) -> None:
    digest = Digest.build(healths, NOW)
    shuffled = list(healths)
    chance.shuffle(shuffled)
    assert Digest.build(shuffled, NOW) == digest
    order = [Grade.FAIL, Grade.WARN, Grade.UNKNOWN, Grade.OK]
    keys = [(order.index(health.grade), health.domain) for health in digest.domains]
    assert keys == sorted(keys)
    assert len(digest.domains) == len(healths)


@pytest.mark.parametrize(
    ("grades", "headline"),
    [
        ([], "No domains yet."),
        ([Grade.OK], "The domain is healthy."),
        ([Grade.OK, Grade.INFO], "All 2 domains are healthy."),
        ([Grade.FAIL], "The only domain needs you."),
        ([Grade.FAIL, Grade.OK, Grade.OK], "1 of 3 domains needs you."),
        ([Grade.FAIL, Grade.WARN, Grade.UNKNOWN, Grade.OK], "2 of 4 domains need you."),
        ([Grade.UNKNOWN, Grade.OK], "No problem was found, but 1 of 2 domains could not be looked up."),
        ([Grade.UNKNOWN], "No problem was found, but the only domain could not be looked up."),
    ],
)
def test_the_headline_counts_who_needs_somebody(grades: list[Grade], headline: str) -> None:
    healths = [one(f"d{number}.example", grade) for number, grade in enumerate(grades)]
    assert Digest.build(healths, NOW).headline == headline


async def test_findings_come_back_from_the_database_as_they_were(
    database: Database, clock: FrozenClock
) -> None:
    health = DomainHealth(
        "main",
        "acme.example",
        clock.now(),
        (
            Finding(
                Subject.MX,
                "MX_WRONG",
                Grade.FAIL,
                "Words.",
                "Why.",
                ("10 mx.example",),
                (DnsRecord("acme.example", "MX", "mx.example", 10),),
            ),
        ),
        ProviderVerdict(mx=False, spf=True, dkim=True, dmarc=False),
    )
    async with database.transaction() as session:
        await findings.put(session, one("acme.example", Grade.OK))
        await findings.put(session, health)
    async with database.reading() as session:
        assert await findings.all_of(session) == [health]
