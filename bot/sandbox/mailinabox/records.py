"""The DNS records that a box wants for its domains, as `/dns/dump` tells them, and what a change of addresses moves."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from bot.sandbox.mailinabox.data import SimulatedBox
from bot.sandbox.mailinabox.domains import sort_domains, zone_of
from bot.sandbox.zones import DKIM_KEY

DKIM = f"v=DKIM1; h=sha256; k=rsa; s=email; p={DKIM_KEY}"
SPF = "v=spf1 mx -all"
DMARC = "v=DMARC1; p=quarantine;"
_AUTOCONFIG = {
    "autoconfig": "Provides email configuration autodiscovery support for Thunderbird Autoconfig.",
    "autodiscover": "Provides email configuration autodiscovery support for Z-Push ActiveSync Autodiscover.",
}
_MTA_STS = "Optional. MTA-STS Policy Host serving /.well-known/mta-sts.txt."


@dataclass(frozen=True, slots=True)
class Record:
    """`qname` is absolute. Without an explanation it is not shown: it is of use only where the box is the name server."""

    qname: str
    rtype: str
    value: str
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class Served:
    """The domains that a box has to do with: those with an address, and those with a user."""

    mail: frozenset[str]
    user: frozenset[str]

    @classmethod
    def by(cls, box: SimulatedBox) -> "Served":
        return cls(frozenset(box.mail_domains), frozenset(box.user_domains))


def zones(box: SimulatedBox, served: Served | None = None) -> list[str]:
    """The zones that the box makes, in its order."""
    names = {*(served or Served.by(box)).mail, box.hostname}
    return sort_domains({zone_of(name, names) for name in names}, box.hostname)


def update(box: SimulatedBox, before: Served) -> str:
    """What the box says of its DNS and its web server after its addresses have changed."""
    after = Served.by(box)
    if after == before:
        return ""
    was, now = zones(box, before), zones(box, after)
    moved = (before.mail ^ after.mail) | (before.user ^ after.user)
    changed = {zone_of(name, set(now)) for name in moved}
    rewritten = [zone for zone in now if zone in changed or zone not in was]
    return f"updated DNS: {','.join(rewritten) or 'DNS configuration'}\nweb updated\n"


def dump(box: SimulatedBox) -> list[tuple[str, list[Record]]]:
    """The records of each zone: what is required, what is recommended, and the rest."""
    served = Served.by(box)
    made = zones(box, served)
    inside: dict[str, list[str]] = {zone: [] for zone in made}
    for name in {*served.mail, box.hostname}:
        inside[zone_of(name, set(made))].append(name)
    return [(zone, _shown(_zone(box, served, zone, inside[zone]))) for zone in made]


def _shown(records: list[Record]) -> list[Record]:
    def place(record: Record) -> int:
        return ("Required.", "Recommended.").index(word) if (word := _word(record)) else 2

    return sorted((record for record in records if record.explanation), key=place)


def _word(record: Record) -> str:
    return next((w for w in ("Required.", "Recommended.") if record.explanation.startswith(w)), "")


def _zone(box: SimulatedBox, served: Served, zone: str, names: Iterable[str]) -> list[Record]:
    """All records of a zone, the zone's own first and then from the right."""
    records = [Record(zone, "NS", f"{server}.{box.hostname}.") for server in ("ns1", "ns2")]
    for name in names:
        records += _domain(box, served, name)
    records += _automatic(box, served, zone, names)
    with_mx = {record.qname for record in records if record.rtype == "MX"}
    for name in sorted({record.qname for record in records if record.rtype == "A"} - with_mx):
        records += _no_mail(name)
    return sorted(records, key=lambda record: record.qname.split(".")[::-1])


def _domain(box: SimulatedBox, served: Served, name: str) -> list[Record]:
    records = _host(box) if name == box.hostname else [_address(box, name)]
    if name in served.mail:
        records += [
            Record(
                name,
                "MX",
                f"10 {box.hostname}.",
                f"Required. Specifies the hostname (and priority) of the machine that handles @{name} mail.",
            ),
            Record(
                name,
                "TXT",
                SPF,
                f"Recommended. Specifies that only the box is permitted to send @{name} mail.",
            ),
            Record(
                f"mail._domainkey.{name}",
                "TXT",
                DKIM,
                f"Recommended. Provides a way for recipients to verify that this machine sent @{name} mail.",
            ),
            Record(
                f"_dmarc.{name}",
                "TXT",
                DMARC,
                f"Recommended. Specifies that mail that does not originate from the box but claims to be from @{name} or "
                "which does not have a valid DKIM signature is suspect and should be quarantined by the recipient's mail "
                "system.",
            ),
        ]
    if name in served.user and name != box.hostname:
        records += [
            Record(
                f"_{kind}davs._tcp.{name}",
                "SRV",
                f"0 0 443 {box.hostname}.",
                "Recommended. Specifies the hostname of the server that handles CardDAV/CalDAV services for email "
                "addresses on this domain.",
            )
            for kind in ("card", "cal")
        ]
    return records


def _host(box: SimulatedBox) -> list[Record]:
    key = f"3 1 1 {hashlib.sha256(box.hostname.encode()).hexdigest()}"
    return [
        Record(box.hostname, "A", box.ip, "Required. Sets the IP address of the box."),
        Record(
            f"_25._tcp.{box.hostname}",
            "TLSA",
            key,
            "Recommended when DNSSEC is enabled. Advertises to mail servers connecting to the box that mandatory encryption "
            "should be used.",
        ),
        Record(
            f"_443._tcp.{box.hostname}",
            "TLSA",
            key,
            "Optional. When DNSSEC is enabled, provides out-of-band HTTPS certificate validation for a few web clients that "
            "support it.",
        ),
    ]


def _automatic(box: SimulatedBox, served: Served, zone: str, names: Iterable[str]) -> list[Record]:
    """The addresses of what the box serves for its domains beside them."""
    records = []
    if f"www.{zone}" not in names:
        records.append(
            Record(
                f"www.{zone}",
                "A",
                box.ip,
                f"Optional. Sets the IP address that www.{zone} resolves to so that the box can provide a redirect to the "
                "parent domain.",
            )
        )
    for name in names:
        if name in served.user:
            records += [Record(f"{label}.{name}", "A", box.ip, why) for label, why in _AUTOCONFIG.items()]
        if name in served.mail:
            records.append(Record(f"mta-sts.{name}", "A", box.ip, _MTA_STS))
        if name == box.hostname:
            records += [Record(f"{label}.{name}", "A", box.ip) for label in ("ns1", "ns2")]
    return records


def _address(box: SimulatedBox, name: str) -> Record:
    return Record(
        name,
        "A",
        box.ip,
        f"Required. May have a different value. Sets the IP address that {name} resolves to for web hosting and other "
        "services besides mail. The A record must be present but its value does not affect mail delivery.",
    )


def _no_mail(name: str) -> list[Record]:
    return [
        Record(
            name,
            "TXT",
            "v=spf1 -all",
            "Recommended. Prevents use of this domain name for outbound mail by specifying that no servers are valid sources "
            f"for mail from @{name}. If you do send email from this domain name you should either override this record such "
            "that the SPF rule does allow the originating server, or, take the recommended approach and have the box handle "
            "mail for this domain (simply add any receiving alias at this domain name to make this machine treat the domain "
            "name as one of its mail domains).",
        ),
        Record(
            f"_dmarc.{name}",
            "TXT",
            "v=DMARC1; p=reject;",
            "Recommended. Prevents use of this domain name for outbound mail by specifying that the SPF rule should be "
            f"honoured for mail from @{name}.",
        ),
        Record(
            name,
            "MX",
            "0 .",
            "Recommended. Prevents use of this domain name for incoming mail.",
        ),
    ]
