"""The SRV records by which mail programs find a domain's services (RFC 2782, RFC 6186, RFC 6764, RFC 8314)."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from typing_extensions import override

from bot.dns.checks.mx_targets import owned
from bot.dns.checks.places import Address, Place, find_place
from bot.dns.lookup import Answer, Records, Resolver, Unanswered
from bot.model import DnsRecord, Finding, Grade, Subject

SERVICES: Mapping[str, int] = {
    "_imaps._tcp": 993,
    "_submissions._tcp": 465,
    "_submission._tcp": 587,
    "_caldavs._tcp": 443,
    "_carddavs._tcp": 443,
    "_autodiscover._tcp": 443,
}
"""Names relative to the domain, with the port on which Mail-in-a-Box has that service."""

# RFC 8314 section 3.3: TLS from the start is to be preferred to 587; the other is Outlook's, beside its host name.
_OPTIONAL = frozenset({"_submission._tcp", "_autodiscover._tcp"})


@dataclass(frozen=True, slots=True)
class Service:
    """One SRV record. `target` is `.` where it says that there is no such service (RFC 2782)."""

    name: str
    port: int
    target: str

    @override
    def __str__(self) -> str:
        return f"{self.target}, port {self.port}"


async def check_services(
    domain: str, host: str, ours: frozenset[Address], services: Mapping[str, int], ask: Resolver
) -> tuple[list[Finding], dict[str, Unanswered]]:
    """What is to be said, and which names gave no answer. `services`: as in SERVICES."""
    names = {f"{service}.{domain}": service for service in services}
    answers = dict(
        zip(names, await asyncio.gather(*(ask.lookup(name, "SRV") for name in names)), strict=True)
    )
    found = [one for name, answer in answers.items() for one in _read(name, answer)]
    targets = {one.target for one in found} - {host, "."}
    places = {
        place.name: place for place in await asyncio.gather(*(find_place(target, ask) for target in targets))
    }
    wanted = {
        name: DnsRecord(name, "SRV", f"0 0 {services[service]} {host}") for name, service in names.items()
    }
    silent = {name: answer for name, answer in answers.items() if isinstance(answer, Unanswered)}
    silent |= {name: place.trouble for name, place in places.items() if place.trouble is not None}
    missing = [
        wanted[name]
        for name, answer in answers.items()
        if not isinstance(answer, (Records, Unanswered)) and names[name] not in _OPTIONAL
    ]
    ports = {name: services[service] for name, service in names.items()}
    return [*_judge(host, ours, found, places, ports, wanted), *_missing(domain, missing)], silent


def _read(name: str, answer: Answer) -> list[Service]:
    values = answer.values if isinstance(answer, Records) else ()
    fields = [value.split() for value in values]
    return [Service(name, int(port), target) for _, _, port, target in fields]


def _judge(
    host: str,
    ours: frozenset[Address],
    found: Iterable[Service],
    places: Mapping[str, Place],
    ports: Mapping[str, int],
    wanted: Mapping[str, DnsRecord],
) -> list[Finding]:
    findings = []
    for one in found:
        place, right = places.get(one.target), wanted[one.name]
        if one.target == ".":
            findings.append(
                _note(
                    "AUTOCONFIG_SRV_OFF",
                    f"{one.name} says that there is no such service.",
                    "Mail programs that look there don't find the box. If that is not meant, replace it by this.",
                    one,
                    right,
                )
            )
        elif place is not None and (place.strays(ours) or place.is_missing):
            findings.append(
                _warn(
                    "AUTOCONFIG_SRV_WRONG",
                    f"{one.name} does not lead to {host}, but to {owned([one.target])}, {place}.",
                    "Mail programs that set themselves up go there, with the name and the password of a mailbox. Replace it"
                    " by this.",
                    one,
                    right,
                )
            )
        elif place is not None and not place.addresses:
            pass  # nothing was answered
        elif one.port != ports[one.name]:
            findings.append(
                _warn(
                    "AUTOCONFIG_SRV_PORT",
                    f"{one.name} leads to port {one.port} of {one.target}, where the box does not have that service.",
                    "Mail programs that look there get no connection. Replace it by this.",
                    one,
                    right,
                )
            )
        elif place is not None:
            # RFC 6186 section 6: the certificate has to hold the name; RFC 2782: which must not be an alias.
            findings.append(
                _note(
                    "AUTOCONFIG_SRV_NAME",
                    f"{one.name} leads to the box by another name, {one.target}.",
                    "Unless the box has a certificate for that name, mail programs warn of it. The box's own name is this.",
                    one,
                    right,
                )
            )
    return findings


def _missing(domain: str, records: list[DnsRecord]) -> list[Finding]:
    if not records:
        return []
    names = ", ".join(record.name.removesuffix(f".{domain}") for record in records)
    return [
        Finding(
            Subject.AUTOCONFIG,
            "AUTOCONFIG_SRV_MISSING",
            Grade.INFO,
            f"{domain} has no SRV record {names}.",
            "Programs that look there for mail, calendars or contacts have to be set up by hand. To spare people that,"
            " publish this.",
            publish=tuple(records),
        )
    ]


def _note(tag: str, summary: str, why: str, found: Service, wanted: DnsRecord) -> Finding:
    return Finding(Subject.AUTOCONFIG, tag, Grade.INFO, summary, why, (str(found),), (wanted,))


def _warn(tag: str, summary: str, why: str, found: Service, wanted: DnsRecord) -> Finding:
    return Finding(Subject.AUTOCONFIG, tag, Grade.WARN, summary, why, (str(found),), (wanted,))
