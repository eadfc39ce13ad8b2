"""The hosts and services that mail programs look for when they set themselves up: whether they are the box's."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from ipaddress import ip_address

from bot.dns.checks.autoconfig_srv import SERVICES, check_services
from bot.dns.checks.findings import ok, unknown, worst_first
from bot.dns.checks.places import Address, Place, address_records, find_place, is_public, texts
from bot.dns.lookup import Resolver, Unanswered
from bot.model import Finding, Grade, Subject

NAMES = ("autoconfig", "autodiscover")
"""Relative to the domain: where Thunderbird and its like look, and where Outlook and those that speak ActiveSync do."""


async def check_autoconfig(
    domain: str,
    host: str,
    addresses: Collection[str],
    ask: Resolver,
    services: Mapping[str, int] = SERVICES,
) -> list[Finding]:
    """`host` and `addresses` (of both kinds): those of the box, as it says itself. `services`: as in SERVICES.

    Asks for the A and AAAA records of NAMES, and for the SRV records of the services. What is missing is only a note:
    mail does not depend on it. Raises ValueError for what is not an IP address.
    """
    ours = frozenset(map(ip_address, addresses))
    if not any(map(is_public, ours)):
        return [
            Finding(
                Subject.AUTOCONFIG,
                "AUTOCONFIG_UNTOLD",
                Grade.INFO,
                "The box does not say which public address it has.",
                f"So it can't be said whether mail programs for {domain} are led to it. Tell the box its public address.",
            )
        ]
    places, (findings, silent) = await asyncio.gather(
        asyncio.gather(*(find_place(f"{name}.{domain}", ask) for name in NAMES)),
        check_services(domain, host, ours, services, ask),
    )
    findings = [*_judge(domain, ours, places), *findings]
    unanswered: list[tuple[str, Unanswered]] = [
        *((place.name, place.trouble) for place in places if place.trouble is not None),
        *silent.items(),
    ]
    # One stands for all: what could not be looked up of the others is nothing that anybody has to mend.
    findings += [unknown(Subject.AUTOCONFIG, name, trouble) for name, trouble in unanswered[:1]]
    return worst_first(findings) or [
        ok(Subject.AUTOCONFIG, f"Mail programs find {host} for {domain} by themselves.")
    ]


def _judge(domain: str, ours: frozenset[Address], places: Iterable[Place]) -> list[Finding]:
    findings = []
    for place in places:
        records = address_records(place.name, filter(is_public, ours))
        if place.strays(ours):
            findings.append(
                Finding(
                    Subject.AUTOCONFIG,
                    "AUTOCONFIG_WRONG",
                    Grade.WARN,
                    f"{place.name} does not lead to the box{' alone' if place.addresses & ours else ''}: it is {place}.",
                    "Mail programs that set themselves up ask there, and take the name and the password of a mailbox to"
                    " whatever server they are told of. Replace what is there by this.",
                    (place.end, *texts(place.addresses)),
                    records,
                )
            )
        elif place.is_missing:
            program = place.name.removesuffix(f".{domain}")
            findings.append(
                Finding(
                    Subject.AUTOCONFIG,
                    "AUTOCONFIG_MISSING",
                    Grade.INFO,
                    f"{domain} has no host {place.name}.",
                    f"Mail programs that look for {program} have to be set up by hand. To spare people that, publish this.",
                    publish=records,
                )
            )
    return findings
