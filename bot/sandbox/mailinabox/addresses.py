"""Which addresses a box takes, as its library for them does (email-validator, without asking the DNS)."""

import re

from dns.exception import DNSException
from dns.name import IDNA2008Codec

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+(\.[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+)*")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9\-]{0,61}[A-Za-z0-9])?")
_RESERVED = re.compile(r"(?!xn)..--")
_DOTS = re.compile(r"[.\u3002\uff0e\uff61]")
_CODEC = IDNA2008Codec(uts_46=True, allow_pure_ascii=True, strict_decode=True)
_FOREIGN = re.compile(r"[^@.a-z0-9_\-]")
_SPECIAL = ("arpa", "invalid", "local", "localhost", "onion", "test")
"""Special-use names (RFC 6761) that it refuses; `example` is none of them."""
_DOMAIN_CONTROL = ("admin", "administrator", "postmaster", "hostmaster", "webmaster", "abuse")
_LONGEST, _LONGEST_DOMAIN = 254, 253
"""Of the local part alone it takes any length."""


def is_address(address: str, *, empty_local: bool = False) -> bool:
    local, at, domain = address.rpartition("@")
    if not (at and (_LOCAL.fullmatch(local) or (empty_local and not local))):
        return False
    name = in_ascii(domain)
    if name is None:
        return False
    return _is_domain(name.lower()) and len(local) + 1 + len(name) <= _LONGEST


def is_login(address: str) -> bool:
    """Whether a user may have that address, which is one."""
    return _FOREIGN.search(address) is None


def is_for_domain_control(address: str) -> bool:
    """Whether certificate authorities write there to learn who owns the domain."""
    return address.lower().startswith(tuple(f"{name}{end}" for name in _DOMAIN_CONTROL for end in "@+"))


def in_ascii(domain: str) -> str | None:
    """The domain as it is in the DNS (IDNA 2008); None where it is no name."""
    try:
        return ".".join(_CODEC.encode(label).decode("ascii") for label in _DOTS.split(domain))
    except (DNSException, UnicodeError):
        return None


def in_unicode(domain: str) -> str:
    """The domain as people write it."""
    try:
        return ".".join(_CODEC.decode(label.encode("ascii")) for label in domain.split("."))
    except (DNSException, UnicodeError):
        return domain


def _is_domain(name: str) -> bool:
    labels = name.split(".")
    return (
        len(name) <= _LONGEST_DOMAIN
        and len(labels) > 1
        and all(_LABEL.fullmatch(label) and not _RESERVED.match(label) for label in labels)
        and all(_is_unicode(label) for label in labels if label.startswith("xn--"))
        and labels[-1][-1].isalpha()
        and not any(name == special or name.endswith(f".{special}") for special in _SPECIAL)
    )


def _is_unicode(label: str) -> bool:
    """Whether what looks like an encoded label is one."""
    try:
        return bool(_CODEC.decode(label.encode("ascii")))
    except (DNSException, UnicodeError):
        return False
