"""The hosts that MX records name: whether they can be reached by that name, and whose they are."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from bot.dns.checks.findings import unknown
from bot.dns.expected import Expected
from bot.dns.lookup import Answer, NoData, Records, Resolver, Unanswered
from bot.model import DnsRecord, Finding, Grade, Subject

_OWNERS = {
    "amazonaws.com": "Amazon",
    "emailsrvr.com": "Rackspace",
    "gandi.net": "Gandi",
    "google.com": "Google Workspace",
    "googlemail.com": "Google Workspace",
    "icloud.com": "iCloud",
    "improvmx.com": "ImprovMX",
    "ionos.com": "IONOS",
    "ionos.de": "IONOS",
    "kundenserver.de": "IONOS",
    "mailbox.org": "mailbox.org",
    "mailgun.org": "Mailgun",
    "messagingengine.com": "Fastmail",
    "migadu.com": "Migadu",
    "mx.cloudflare.net": "Cloudflare Email Routing",
    "mx.microsoft": "Microsoft 365",
    "outlook.com": "Microsoft 365",
    "ovh.net": "OVHcloud",
    "privateemail.com": "Namecheap Private Email",
    "protonmail.ch": "Proton Mail",
    "registrar-servers.com": "Namecheap",
    "rzone.de": "Strato",
    "secureserver.net": "GoDaddy",
    "titan.email": "Titan",
    "tutanota.de": "Tuta",
    "yandex.net": "Yandex 360",
    "yandex.ru": "Yandex 360",
    "zoho.com": "Zoho Mail",
    "zoho.eu": "Zoho Mail",
    "zoho.in": "Zoho Mail",
}
"""Who receives mail at hosts below a name."""


@dataclass(frozen=True, slots=True)
class _Target:
    host: str
    answer: Answer

    @property
    def is_missing(self) -> bool:
        return not isinstance(self.answer, (Records, Unanswered))


async def check_mx_targets(domain: str, expected: Expected, answer: Answer, ask: Resolver) -> list[Finding]:
    """What is wrong with the hosts themselves; nothing if they are all right.

    `answer`: the MX records of the domain. `ask` is asked for the addresses of the hosts. Several hosts can have the same
    fault: each is a finding.
    """
    hosts = sorted(hosts_of(answer) - {"."})
    literals = [host for host in hosts if is_address(host)]
    targets = await asyncio.gather(*(_target(host, ask) for host in hosts if host not in literals))
    wanted = DnsRecord(domain, "MX", expected.mx_host, expected.mx_priority)
    # Also where no name is left.
    stranded = all(target.is_missing for target in targets)
    findings = []
    if literals:
        # RFC 1035 section 3.3.9 and RFC 5321 section 5.1: a name, which has addresses.
        findings.append(
            Finding(
                Subject.MX,
                "MX_IP_ADDRESS",
                Grade.FAIL if stranded else Grade.WARN,
                f"The MX of {domain} is an IP address: {', '.join(literals)}.",
                "Only a host name may stand there; senders look for a host of that name, find none, and give up. Replace it by this one."
                if stranded
                else "Only a host name may stand there; senders that try it lose time, or give up. Remove it.",
                tuple(literals),
                (wanted,),
            )
        )
    for target in targets:
        ours = target.host == expected.mx_host
        if isinstance(target.answer, Unanswered):
            findings.append(unknown(Subject.MX, f"The address of {target.host}", target.answer))
        elif target.is_missing:
            findings.append(_unresolved(domain, expected, target, wanted, fatal=ours or stranded))
        elif target.answer.chain:
            findings.append(_alias(domain, expected, target, wanted))
    return findings


def owned(hosts: Iterable[str]) -> str:
    """The hosts, with the names of those who run them, where known."""
    owners: dict[str, list[str]] = {}
    for host in hosts:
        owners.setdefault(_owner(host), []).append(host)
    return ", ".join(", ".join(group) + (f" ({owner})" if owner else "") for owner, group in owners.items())


def hosts_of(answer: Answer) -> set[str]:
    return {value.split()[1] for value in answer.values} if isinstance(answer, Records) else set()


def is_address(host: str) -> bool:
    try:
        _ = ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _owner(host: str) -> str:
    labels = host.split(".")
    below = (".".join(labels[start:]) for start in range(len(labels)))
    return next((_OWNERS[name] for name in below if name in _OWNERS), "")


async def _target(host: str, ask: Resolver) -> _Target:
    """The host with its A or, where it has none, its AAAA."""
    four = await ask.lookup(host, "A")
    if not isinstance(four, (NoData, Unanswered)):
        return _Target(host, four)
    six = await ask.lookup(host, "AAAA")
    # One of them is enough to deliver to; but only both say that there is none.
    return _Target(host, four if isinstance(four, Unanswered) and not isinstance(six, Records) else six)


def _unresolved(
    domain: str, expected: Expected, target: _Target, wanted: DnsRecord, *, fatal: bool
) -> Finding:
    ours = target.host == expected.mx_host
    chain = () if isinstance(target.answer, Unanswered) else target.answer.chain
    through = f" ({target.host} is an alias of {chain[-1]}, which has none)" if chain else ""
    if ours:
        why = f"No mail reaches {expected.title}. {expected.mender}"
    elif fatal:
        why = "Senders find nowhere to deliver to, and mail comes back. Replace it by this one."
    else:
        why = "Senders that try it lose time, or give up. Remove it."
    return Finding(
        Subject.MX,
        "MX_TARGET_UNRESOLVED",
        Grade.FAIL if fatal else Grade.WARN,
        f"{target.host}, an MX of {domain}, has no address{through}.",
        why,
        (target.host, *chain),
        () if ours else (wanted,),
    )


def _alias(domain: str, expected: Expected, target: _Target, wanted: DnsRecord) -> Finding:
    # RFC 2181 section 10.3: what an MX names must not be an alias.
    ours = target.host == expected.mx_host
    chain = () if isinstance(target.answer, Unanswered) else target.answer.chain
    return Finding(
        Subject.MX,
        "MX_TARGET_CNAME",
        Grade.INFO if ours else Grade.WARN,
        f"{target.host}, an MX of {domain}, is an alias (CNAME) of {chain[-1]}.",
        f"That is not allowed, but most senders cope with it. {expected.mender}"
        if ours
        else "An MX must name a host itself; some senders refuse to deliver to an alias. Replace it by this one.",
        (target.host, *chain),
        () if ours else (wanted,),
    )
