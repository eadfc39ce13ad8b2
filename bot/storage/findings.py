"""The health of each domain as last seen."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import DnsRecord, DomainHealth, Finding, Grade, ProviderVerdict, Subject
from bot.storage.database import portions, upsert
from bot.storage.tables import domain_health, domain_looks

_HEALTH = select(domain_health, domain_looks.c.next_look_at).select_from(
    domain_health.outerjoin(
        domain_looks,
        and_(
            domain_looks.c.account == domain_health.c.account,
            domain_looks.c.domain == domain_health.c.domain,
        ),
    )
)


async def put(session: AsyncSession, healths: Sequence[DomainHealth]) -> None:
    """Replace what was known of these domains."""
    if not healths:
        return
    statement = upsert(session, domain_health)
    _ = await session.execute(
        statement.on_conflict_do_update(
            index_elements=[domain_health.c.account, domain_health.c.domain],
            set_={
                column: statement.excluded[column]
                for column in ("checked_at", "grade", "findings", "verdict")
            },
        ),
        [
            {
                "account": health.account,
                "domain": health.domain,
                "checked_at": health.checked_at,
                "grade": health.grade.value,
                "findings": [finding_to_json(finding) for finding in health.findings],
                "verdict": verdict_to_json(health.provider_verdict),
            }
            for health in sorted(healths, key=lambda health: (health.account, health.domain))
        ],
    )


async def of(
    session: AsyncSession, names: Collection[tuple[str, str]]
) -> dict[tuple[str, str], DomainHealth]:
    """What is known of these domains, by account and domain."""
    found: dict[tuple[str, str], DomainHealth] = {}
    for portion in portions(sorted(names)):
        rows = await session.execute(
            _HEALTH.where(tuple_(domain_health.c.account, domain_health.c.domain).in_(portion))
        )
        found |= {(row["account"], row["domain"]): _value(row) for row in rows.mappings()}
    return found


async def get(session: AsyncSession, account: str, domain: str) -> DomainHealth | None:
    return (await of(session, [(account, domain)])).get((account, domain))


async def all_of(session: AsyncSession) -> list[DomainHealth]:
    """Everything known, by domain; also of domains that are no longer there."""
    rows = await session.execute(_HEALTH.order_by(domain_health.c.domain, domain_health.c.account))
    return [_value(row) for row in rows.mappings()]


async def grades(session: AsyncSession) -> dict[tuple[str, str], Grade]:
    """By account and domain, how it was when it was last looked at."""
    rows = await session.execute(
        select(domain_health.c.account, domain_health.c.domain, domain_health.c.grade)
    )
    return {(account, domain): Grade(grade) for account, domain, grade in rows}


def finding_to_json(finding: Finding) -> dict[str, Any]:
    return {
        "subject": finding.subject.value,
        "tag": finding.tag,
        "grade": finding.grade.value,
        "summary": finding.summary,
        "why": finding.why,
        "found": list(finding.found),
        "publish": [[r.name, r.type, r.value, r.priority] for r in finding.publish],
        "since": None if finding.since is None else finding.since.isoformat(),
        "confirmed": finding.confirmed,
    }


def finding_from_json(content: Mapping[str, Any]) -> Finding:
    return Finding(
        subject=Subject(content["subject"]),
        tag=content["tag"],
        grade=Grade(content["grade"]),
        summary=content["summary"],
        why=content["why"],
        found=tuple(content["found"]),
        publish=tuple(DnsRecord(*record) for record in content["publish"]),
        # What an earlier release has kept has neither.
        since=None if content.get("since") is None else datetime.fromisoformat(content["since"]),
        confirmed=content.get("confirmed", True),
    )


def verdict_to_json(verdict: ProviderVerdict | None) -> list[bool] | None:
    return None if verdict is None else [verdict.mx, verdict.spf, verdict.dkim, verdict.dmarc]


def verdict_from_json(content: list[bool] | None) -> ProviderVerdict | None:
    return None if content is None else ProviderVerdict(*content)


def _value(row: Mapping[Any, Any]) -> DomainHealth:
    return DomainHealth(
        account=row["account"],
        domain=row["domain"],
        checked_at=row["checked_at"],
        findings=tuple(finding_from_json(finding) for finding in row["findings"]),
        provider_verdict=verdict_from_json(row["verdict"]),
        next_look_at=row["next_look_at"],
    )
