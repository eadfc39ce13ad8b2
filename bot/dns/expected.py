"""The records that a domain needs for its mail system, as data."""

from dataclasses import dataclass

from bot.model import ProviderKind


@dataclass(frozen=True, slots=True)
class Alias:
    """A CNAME below the domain: `name` is relative to it."""

    name: str
    target: str


@dataclass(frozen=True, slots=True)
class Box:
    """A mail system of one's own, as it tells of itself. `addresses`: of both kinds; `tlsa`: as in `check_tlsa`."""

    host: str
    addresses: frozenset[str]
    tlsa: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """`mx_priority` is what to publish; which number stands there is never judged. `box`: where it is one's own."""

    title: str
    mx_host: str
    mx_priority: int
    spf_include: str
    dkim: tuple[Alias, ...]
    dmarc: Alias
    box: Box | None = None


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


def expected(kind: ProviderKind) -> Expected:
    match kind:
        case ProviderKind.PURELYMAIL:
            return PURELYMAIL
