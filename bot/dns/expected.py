"""The records that a domain needs for its mail system, as data."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.model import DnsRecord


@dataclass(frozen=True, slots=True)
class Alias:
    """A CNAME below the domain: `name` is relative to it."""

    name: str
    target: str

    def record(self, domain: str) -> DnsRecord:
        return DnsRecord(f"{self.name}.{domain}", "CNAME", self.target)


@dataclass(frozen=True, slots=True)
class Text:
    """A TXT record below the domain: `name` is relative to it."""

    name: str
    value: str

    def record(self, domain: str) -> DnsRecord:
        return DnsRecord(f"{self.name}.{domain}", "TXT", self.value)


@dataclass(frozen=True, slots=True)
class Box:
    """A mail system of one's own, as it tells of itself. `addresses`: of both kinds; `tlsa`: as in `check_tlsa`."""

    host: str
    addresses: frozenset[str]
    tlsa: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """`mx_priority` is what to publish; which number stands there is never judged. `box`: where it is one's own.

    `spf_include`: by which include the mail system is allowed to send; "" for a box, of which `spf_record` is the whole
    record that it wants.
    """

    title: str
    mx_host: str
    mx_priority: int
    spf_include: str
    dkim: tuple[Alias | Text, ...]
    dmarc: Alias | Text
    box: Box | None = None
    spf_record: str = ""

    @property
    def mender(self) -> str:
        """What to say where the domain's own records are as they should be, and the mail system's are not."""
        if self.box is None:
            return f"{self.title} has to mend this; there is nothing for you to publish."
        return f"Mend the records of the box itself, {self.box.host}."

    @property
    def own_names(self) -> tuple[tuple[str, str], ...]:
        """What a resolver finds that works: name and type, the surest first."""
        host = ((self.mx_host, "A"), (self.mx_host, "AAAA"))
        if self.box is not None:
            return (*host, ROOT)  # the box's name may be what is broken
        aliases = [alias for alias in (self.dmarc, *self.dkim) if isinstance(alias, Alias)]
        return (*host, (self.spf_include, "TXT"), *((alias.target, "TXT") for alias in aliases))


ROOT = (".", "NS")

PURELYMAIL = Expected(
    title="PurelyMail",
    mx_host="mailserver.purelymail.com",
    mx_priority=10,
    spf_include="_spf.purelymail.com",
    dkim=tuple(
        Alias(f"purelymail{number}._domainkey", f"key{number}.dkimroot.purelymail.com")
        for number in (1, 2, 3)
    ),
    dmarc=Alias("_dmarc", "dmarcroot.purelymail.com"),
)
"""https://purelymail.com/docs/domainDocs; DKIM by CNAME, so that PurelyMail can rotate its keys."""

BOX_SPF = "v=spf1 mx -all"
BOX_DMARC = "v=DMARC1; p=quarantine;"
"""What a Mail-in-a-Box wants of every domain (management/dns_update.py), where it does not say."""


def of_box(title: str, records: Iterable[DnsRecord]) -> dict[str, Expected]:
    """By domain, what a box wants, from all the records that it tells. Domains without mail are left out."""
    by_name: dict[tuple[str, str], list[DnsRecord]] = {}
    keys: dict[str, list[Text]] = {}
    for record in records:
        by_name.setdefault((record.name, record.type), []).append(record)
        selector, found, domain = record.name.partition("._domainkey.")
        if found and record.type == "TXT":
            keys.setdefault(domain, []).append(Text(f"{selector}._domainkey", record.value))
    hosts = {
        name: (first.value, first.priority or 0)
        for (name, rdtype), (first, *_) in by_name.items()
        if rdtype == "MX" and first.value
    }
    boxes = {host: _box(host, by_name) for host, _ in hosts.values()}
    return {
        domain: Expected(
            title=title,
            mx_host=host,
            mx_priority=priority,
            spf_include="",
            spf_record=_text(by_name, domain, "v=spf1") or BOX_SPF,
            dkim=tuple(keys.get(domain, ())),
            dmarc=Text("_dmarc", _text(by_name, f"_dmarc.{domain}", "v=DMARC1") or BOX_DMARC),
            box=boxes[host],
        )
        for domain, (host, priority) in hosts.items()
    }


def _box(host: str, by_name: dict[tuple[str, str], list[DnsRecord]]) -> Box:
    def values(name: str, *types: str) -> Iterable[str]:
        return (record.value for rdtype in types for record in by_name.get((name, rdtype), ()))

    return Box(host, frozenset(values(host, "A", "AAAA")), tuple(values(f"_25._tcp.{host}", "TLSA")))


def _text(by_name: dict[tuple[str, str], list[DnsRecord]], name: str, beginning: str) -> str | None:
    texts = (record.value for record in by_name.get((name, "TXT"), ()))
    return next((text for text in texts if text.startswith(beginning)), None)
