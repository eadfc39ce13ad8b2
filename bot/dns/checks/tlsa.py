"""TLSA: with which certificate senders that know DANE have to find the mail system (RFC 6698, RFC 7672)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from typing_extensions import override

from bot.dns.checks.findings import ok, unknown, worst_first
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Resolver, Unanswered
from bot.dns.zone import find_zone
from bot.model import DnsRecord, Finding, Grade, Subject

NAME = "_25._tcp"
"""Relative to the host that the MX names (RFC 7672 section 2.2.3)."""

_DIGITS = {1: 64, 2: 128}
"""Hexadecimal digits of SHA-256 and SHA-512, by matching type (RFC 6698 section 2.1.3)."""


@dataclass(frozen=True, slots=True)
class Association:
    """The fields of a TLSA record; `data` in lower case hexadecimal digits."""

    usage: int
    selector: int
    matching: int
    data: str

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None for what is no TLSA record. White space within the data does not count (RFC 6698 section 2.2)."""
        fields = text.lower().split()
        try:
            usage, selector, matching = map(int, fields[:3])
            data = bytes.fromhex("".join(fields[3:])).hex()
        except ValueError:
            return None
        return cls(usage, selector, matching, data)

    @property
    def mistake(self) -> str | None:
        """Why senders pass it over; None if they don't."""
        # RFC 7672 section 3.1.3: SMTP has no list of authorities that 0 and 1 could go by.
        if self.usage in {0, 1}:
            return f"usage {self.usage} is not for mail servers"
        if self.usage > 3:
            return f"there is no usage {self.usage}"
        if self.selector > 1:
            return f"there is no selector {self.selector}"
        if self.matching > 2:
            return f"there is no matching type {self.matching}"
        digits = _DIGITS.get(self.matching, len(self.data) or 2)
        if len(self.data) != digits:
            return f"{len(self.data)} hexadecimal digits do not fit matching type {self.matching}"
        return None

    @property
    def about(self) -> tuple[int, int, int]:
        """Of two records with the same, one that fits leaves the other one unfit."""
        return self.usage, self.selector, self.matching

    @override
    def __str__(self) -> str:
        return f"{self.usage} {self.selector} {self.matching} {self.data}"


async def check_tlsa(host: str, expected: Sequence[str], answer: Answer, ask: Resolver) -> list[Finding]:
    """`expected`: what fits the box's certificate, such as `3 1 1` and digits. `answer`: the TLSA records of `_25._tcp.<host>`.

    Where the resolver has not checked the signatures, it is asked whether the zone is signed at all.
    """
    name = f"{NAME}.{host}"
    wanted = [one for one in map(Association.parse, expected) if one is not None]
    publish = tuple(DnsRecord(name, "TLSA", str(one)) for one in wanted)
    match answer:
        case Unanswered():
            return [unknown(Subject.TLSA, f"The TLSA record at {name}", answer)]
        case NoDomain() | NoData():
            return [
                Finding(
                    Subject.TLSA,
                    "TLSA_ABSENT",
                    Grade.INFO,
                    f"{host} has no TLSA record.",
                    "Senders that know DANE treat the box as any other. With DNSSEC, the record has them demand TLS with"
                    " its certificate.",
                    publish=publish,
                )
            ]
        case Records(values=values):
            pass
    if not answer.validated:
        is_signed = await _is_signed(host, ask)
        if isinstance(is_signed, Unanswered):
            return [unknown(Subject.TLSA, f"Whether {host} is in a signed zone", is_signed)]
        if not is_signed:
            return [_unsigned(name, wanted, values, publish)]
    return _judge(host, wanted, values, publish)


async def _is_signed(host: str, ask: Resolver) -> bool | Unanswered:
    """Whether the zone above vouches for the host's own (RFC 4035 section 2.4)."""
    zone = await find_zone(host, ask.lookup)
    if zone is None or isinstance(zone, Unanswered):
        return zone or False
    keys = await ask.lookup(zone.name, "DS")
    return keys if isinstance(keys, Unanswered) else isinstance(keys, Records)


def _unsigned(
    name: str, wanted: Sequence[Association], values: tuple[str, ...], publish: tuple[DnsRecord, ...]
) -> Finding:
    fits = not wanted or any(Association.parse(value) in wanted for value in values)
    return Finding(
        Subject.TLSA,
        "TLSA_UNSIGNED",
        Grade.INFO,
        f"The TLSA record at {name} does nothing: its zone is not signed (DNSSEC).",
        # RFC 7672 section 2.2: only what is signed counts.
        "Senders pass it over."
        + (
            ""
            if fits
            else " It does not fit the box's certificate, either: replace it before you sign the zone."
        ),
        values,
        () if fits else publish,
    )


def _judge(
    host: str, wanted: Sequence[Association], values: tuple[str, ...], publish: tuple[DnsRecord, ...]
) -> list[Finding]:
    read = [(value, Association.parse(value)) for value in values]
    usable = [one for _, one in read if one is not None and one.mistake is None]
    told = [
        f"{_short(value)} ({one.mistake if one else 'it can not be read'})"
        for value, one in read
        if one is None or one.mistake
    ]
    fits = [one for one in usable if one in wanted]
    compared = {one.about for one in wanted}
    findings = []
    if told:
        findings.append(
            Finding(
                Subject.TLSA,
                "TLSA_UNUSABLE",
                Grade.WARN,
                f"Senders pass over {'a TLSA record' if len(told) == 1 else f'{len(told)} TLSA records'} of {host}: {', '.join(told)}.",
                # RFC 7672 section 2.2: with none that is usable, TLS is demanded, but no certificate.
                "Remove what is passed over."
                if usable
                else "They demand TLS, and take any certificate."
                + (" Replace what is there by this." if publish else ""),
                values,
                () if usable else publish,
            )
        )
    if fits or not usable:
        pass
    elif wanted and all(one.about in compared for one in usable):
        findings.append(
            Finding(
                Subject.TLSA,
                "TLSA_MISMATCH",
                Grade.FAIL,
                f"The TLSA record of {host} does not fit the certificate of the box.",
                # RFC 7672 section 2.2: mail is not delivered, but kept and tried again.
                "Senders that check DANE don't deliver: their mail waits, and comes back after some days. Replace it by this.",
                values,
                publish,
            )
        )
    else:
        findings.append(
            Finding(
                Subject.TLSA,
                "TLSA_UNCOMPARED",
                Grade.WARN if wanted else Grade.INFO,
                f"Whether the TLSA record of {host} fits the certificate can't be told from what the box says.",
                "If it does not, senders that check DANE don't deliver."
                + (" Put this beside it, or in its place: one that fits is enough." if wanted else ""),
                values,
                publish,
            )
        )
    return worst_first(findings) or [
        ok(Subject.TLSA, f"The TLSA record of {host} fits the certificate of the box.", *values)
    ]


def _short(value: str) -> str:
    return value if len(value) <= 24 else f"{value[:20]}…"
