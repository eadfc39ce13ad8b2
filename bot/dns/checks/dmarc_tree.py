"""The DNS Tree Walk of DMARC: which record above a domain speaks for it (RFC 9989 section 4.10)."""

from dataclasses import dataclass

from bot.dns.checks.dmarc_record import DmarcRecord, dmarc_records
from bot.dns.lookup import Records, Resolver, Unanswered, a_labels

MOST = 8
"""Questions at most: of a longer name, the labels in its middle are passed over."""


@dataclass(frozen=True, slots=True)
class Found:
    domain: str
    record: DmarcRecord


@dataclass(frozen=True, slots=True)
class Walk:
    """`found`: the lowest first. `unanswered`: what could not be found out on the way, if anything."""

    start: str
    found: tuple[Found, ...]
    unanswered: Unanswered | None

    @property
    def organisation(self) -> str:
        """The Organizational Domain (RFC 9989 section 4.10.2)."""
        for step in self.found:
            if step.record.psd == "n":
                return step.domain
            if step.record.psd == "y" and step.domain != self.start:
                labels = self.start.split(".")
                return ".".join(labels[-step.domain.count(".") - 2 :])
        return self.found[-1].domain if self.found else self.start

    @property
    def applied(self) -> Found | None:
        """The record that counts: the domain's own, its organisation's, or the public suffix's (section 4.10.1)."""
        by_domain = {step.domain: step for step in self.found}
        for domain in (self.start, self.organisation):
            if domain in by_domain:
                return by_domain[domain]
        return next((step for step in self.found if step.record.psd == "y"), None)


def places(domain: str) -> list[str]:
    """The domain and those above it, as they are asked one after the other."""
    labels = domain.split(".")
    above = labels[1:] if len(labels) < MOST else labels[-(MOST - 1) :]
    return [domain, *(".".join(above[start:]) for start in range(len(above)))]


async def walk(domain: str, ask: Resolver) -> Walk:
    found: list[Found] = []
    unanswered: Unanswered | None = None
    start = a_labels(domain)
    for place in places(start):
        answer = await ask.lookup(f"_dmarc.{place}", "TXT")
        match answer:
            case Unanswered():
                unanswered = answer
            case Records(values=values):
                texts = dmarc_records(values)
                # Where there are several, none of them counts.
                if len(texts) == 1:
                    found.append(Found(place, DmarcRecord.parse(texts[0])))
                    if found[-1].record.psd in {"y", "n"}:
                        break
            case _:
                pass
    return Walk(start, tuple(found), unanswered)
