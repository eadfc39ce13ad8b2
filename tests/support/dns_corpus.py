"""The corpus of zones (tests/dns/corpus): what is published, and what is to be said of it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.dns.expected import PURELYMAIL, Alias, Expected, Text
from bot.dns.lookup import a_labels
from bot.model import DnsRecord, Finding, Grade, Subject
from bot.sandbox.dns import DnsFault
from bot.sandbox.zones import DKIM_KEY, ZoneData, healthy, sandbox_zones
from tests.support.dkim_keys import rsa_key

FOLDER = Path(__file__).parents[1] / "dns" / "corpus"
CODE = "purelymail_ownership_proof=corpus"
"""The ownership record of the account that all domains are in."""

ELSEWHERE = "192.0.2.66"
"""The address of a second name server, with what a zone has `elsewhere`."""

STANDING = {
    Subject.OWNERSHIP: "OWNERSHIP_MISSING",
    Subject.MTA_STS: "MTA_STS_ABSENT",
    Subject.TLS_RPT: "TLS_RPT_ABSENT",
    Subject.DNSSEC: "DNSSEC_UNSIGNED",
}
"""What is noted of a domain that has only what its mail system asks for."""

OF_A_BOX = frozenset({Subject.ADDRESSES, Subject.REVERSE, Subject.TLSA, Subject.AUTOCONFIG})
"""What is not looked at for the mail system of the corpus, which has no host of its own."""

Expectation = frozenset[tuple[str, Grade]]


@dataclass(frozen=True, slots=True)
class Policy:
    """What `https://mta-sts.<domain>` answers; `certificate`: `good`, or `expired`."""

    text: str
    status: int = 200
    media: str = "text/plain"
    certificate: str = "good"


@dataclass(frozen=True, slots=True)
class Case:
    """One domain. Names in `records`, `elsewhere` and `faults` are absolute, without final dot, as DNS has them."""

    group: str
    name: str
    domain: str
    system: Expected
    records: ZoneData
    elsewhere: ZoneData
    faults: Mapping[str | tuple[str, str], DnsFault]
    signed: frozenset[str]
    ttls: Mapping[str, int]
    policy: Policy | None
    said: Mapping[str, Grade]
    publish: frozenset[DnsRecord] | None
    still: frozenset[str]
    """What is still to be said when the records to publish stand there."""
    why: str
    differences: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def account(self) -> str:
        return self.name

    @property
    def is_silent(self) -> bool:
        """Whether there are questions that nobody answers."""
        return "drop" in self.faults.values()

    @property
    def expected(self) -> Expectation:
        """All that is to be said, but for what is in order in a subject of which something else is said."""
        said = set(self.said.items())
        if "DOMAIN_GONE" in self.said:
            return frozenset(said)
        named = {subject_of(tag) for tag in self.said}
        for subject in set(Subject) - OF_A_BOX - {Subject.DOMAIN}:
            if subject not in named:
                note = STANDING.get(subject)
                said.add((note, Grade.INFO) if note else (f"{subject.name}_OK", Grade.OK))
        return frozenset(said)

    def relevant(self, findings: tuple[Finding, ...]) -> Expectation:
        named = {subject_of(tag) for tag in self.said}
        return frozenset(
            (finding.tag, finding.grade)
            for finding in findings
            if finding.grade is not Grade.OK or finding.tag in self.said or finding.subject not in named
        )


def subject_of(tag: str) -> Subject:
    """Raises ValueError for a tag that belongs to no subject."""
    if tag == "NULL_MX":
        return Subject.MX
    if tag.startswith("NS_"):
        return Subject.NAMESERVERS
    return next(subject for subject in Subject if tag.startswith(f"{subject.name}_"))


@cache
def cases() -> tuple[Case, ...]:
    return tuple(_cases())


def world() -> ZoneData:
    """What there is beside the domains of the corpus: their mail system, and their name servers."""
    zones = sandbox_zones()
    own = {name for name, rdtype in zones if rdtype == "SOA"}
    return {key: values for key, values in zones.items() if not any(key[0].endswith(name) for name in own)}


def _cases() -> Iterator[Case]:
    differences = yaml.safe_load((FOLDER / "differences.yaml").read_text(encoding="utf-8")) or {}
    for path in sorted(FOLDER.glob("*.yml")):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
            yield _case(path.stem, entry, differences.get(entry["name"], {}))


def _case(group: str, entry: dict[str, Any], differences: Mapping[str, Mapping[str, str]]) -> Case:
    name: str = entry.pop("name")
    domain: str = entry.pop("domain", f"{name.replace('_', '-')}.example")
    system = f"{name.replace('_', '-')}-mail.example" if entry.pop("own_system", False) else None
    place = _Place(domain, system or "purelymail.com")
    base = healthy(place.ascii)
    if system:
        base |= {key: values for key, values in world().items() if key[0].endswith("purelymail.com")}
        base = {
            (key.replace("purelymail.com", system), rdtype): [
                value.replace("purelymail.com", system) for value in values
            ]
            for (key, rdtype), values in base.items()
        }
    policy = _policy(entry.pop("policy", None))
    if policy is not None:
        base[f"mta-sts.{place.ascii}", "A"] = ["192.0.2.81"]
    publish = entry.pop("publish", None)
    case = Case(
        group=group,
        name=name,
        domain=domain,
        system=_system(system),
        records=_changed(base, entry.pop("remove", []), entry.pop("set", {}), place),
        elsewhere={
            place.key(key): place.values(values) for key, values in entry.pop("elsewhere", {}).items()
        },
        faults={
            (place.key(key) if " " in key else place.name(key)): fault
            for key, fault in entry.pop("faults", {}).items()
        },
        signed=frozenset(map(place.name, entry.pop("signed", []))),
        ttls={place.name(key): ttl for key, ttl in entry.pop("ttls", {}).items()},
        policy=policy,
        said={tag: Grade(grade) for tag, grade in entry.pop("expect", {}).items()},
        publish=None if publish is None else frozenset(map(place.record, publish)),
        still=frozenset(entry.pop("still", [])),
        why=entry.pop("why"),
        differences=differences,
    )
    if entry:
        raise ValueError(f"{group}: {name} has unknown keys: {', '.join(entry)}")
    return case


def _system(name: str | None) -> Expected:
    if name is None:
        return PURELYMAIL
    return replace(
        PURELYMAIL,
        mx_host=PURELYMAIL.mx_host.replace("purelymail.com", name),
        spf_include=PURELYMAIL.spf_include.replace("purelymail.com", name),
        dkim=tuple(_renamed(alias, name) for alias in PURELYMAIL.dkim),
        dmarc=_renamed(PURELYMAIL.dmarc, name),
    )


def _renamed(alias: Alias | Text, name: str) -> Alias:
    assert isinstance(alias, Alias)
    return Alias(alias.name, alias.target.replace("purelymail.com", name))


def _policy(given: str | dict[str, Any] | None) -> Policy | None:
    if given is None:
        return None
    return Policy(given) if isinstance(given, str) else Policy(**given)


def _changed(
    base: ZoneData, removed: list[str], published: Mapping[str, list[str]], place: "_Place"
) -> ZoneData:
    records = dict(base)
    for key in removed:
        if key == "all":
            records = {}
        else:
            del records[place.key(key)]
    for key, values in published.items():
        name, rdtype = place.key(key)
        # RFC 1034 section 3.6.2: nothing stands beside a CNAME.
        for other in [other for other in records if other[0] == name and "CNAME" in {rdtype, other[1]}]:
            del records[other]
        records[name, rdtype] = place.values(values)
    return records


@dataclass(frozen=True, slots=True)
class _Place:
    """Reads what is written relative to a domain: `@` is the domain, a name with a final dot is absolute."""

    domain: str
    system: str

    @property
    def ascii(self) -> str:
        return a_labels(self.domain)

    def name(self, text: str) -> str:
        return a_labels(self._full(text))

    def key(self, text: str) -> tuple[str, str]:
        name, _, rdtype = text.rpartition(" ")
        return self.name(name), rdtype

    def values(self, texts: list[str]) -> list[str]:
        return [
            _KEY.sub(_key, text).replace("$DOMAIN", self.ascii).replace("$SYSTEM", self.system)
            for text in texts
        ]

    def record(self, text: str) -> DnsRecord:
        """`@ MX 10 mx.example`, or `name TYPE value`; the domain as it is written in the corpus."""
        name, rdtype, value = text.split(" ", 2)
        value = value.replace("$DOMAIN", self.domain).replace("$SYSTEM", self.system)
        if rdtype == "MX":
            number, value = value.split()
            return DnsRecord(self._full(name), rdtype, value, int(number))
        return DnsRecord(self._full(name), rdtype, value)

    def _full(self, text: str) -> str:
        text = text.replace("$DOMAIN", self.domain).replace("$SYSTEM", self.system)
        if text == "@":
            return self.domain
        return text.removesuffix(".") if text.endswith(".") else f"{text}.{self.domain}"


_KEY = re.compile(r"\$(?:RSA([0-9]+)|(SPACED)?KEY)")


def _key(matched: re.Match[str]) -> str:
    """`$RSA1024`: a key of so many bits; `$KEY`: the mail system's; `$SPACEDKEY`: with white space in it."""
    if matched[1]:
        return rsa_key(int(matched[1]))
    return " ".join(re.findall(".{1,60}", DKIM_KEY)) if matched[2] else DKIM_KEY
