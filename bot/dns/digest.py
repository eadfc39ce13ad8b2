"""The day in numbers: what the daily digest says, before anybody decides how it looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from bot.model import DomainHealth, Grade
from bot.storage.findings import finding_from_json, finding_to_json, verdict_from_json, verdict_to_json

_ORDER = (Grade.FAIL, Grade.WARN, Grade.UNKNOWN, Grade.OK)


@dataclass(frozen=True, slots=True)
class Digest:
    """`domains`: the worst first, then by name."""

    built_at: datetime
    domains: tuple[DomainHealth, ...]

    @classmethod
    def build(cls, domains: Sequence[DomainHealth], now: datetime) -> Self:
        return cls(now, tuple(sorted(domains, key=lambda d: (_ORDER.index(d.grade), d.domain, d.account))))

    @property
    def headline(self) -> str:
        """One sentence: `2 of 6 domains need you.`"""
        total = len(self.domains)
        bad = sum(domain.grade in {Grade.FAIL, Grade.WARN} for domain in self.domains)
        unknown = sum(domain.grade is Grade.UNKNOWN for domain in self.domains)
        if not total:
            return "No domains yet."
        if bad:
            told = f"{_of(bad, total)} {'needs' if bad == 1 else 'need'} you."
            return told[0].upper() + told[1:]
        if unknown:
            return f"No problem was found, but {_of(unknown, total)} could not be looked up."
        return "The domain is healthy." if total == 1 else f"All {total} domains are healthy."

    def to_json(self) -> dict[str, Any]:
        return {
            "built_at": self.built_at.isoformat(),
            "domains": [
                {
                    "account": domain.account,
                    "domain": domain.domain,
                    "checked_at": domain.checked_at.isoformat(),
                    "findings": [finding_to_json(finding) for finding in domain.findings],
                    "verdict": verdict_to_json(domain.provider_verdict),
                }
                for domain in self.domains
            ],
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        return cls(
            datetime.fromisoformat(content["built_at"]),
            tuple(
                DomainHealth(
                    account=entry["account"],
                    domain=entry["domain"],
                    checked_at=datetime.fromisoformat(entry["checked_at"]),
                    findings=tuple(finding_from_json(finding) for finding in entry["findings"]),
                    provider_verdict=verdict_from_json(entry["verdict"]),
                )
                for entry in content["domains"]
            ),
        )


def _of(number: int, total: int) -> str:
    return "the only domain" if total == 1 else f"{number} of {total} domains"
