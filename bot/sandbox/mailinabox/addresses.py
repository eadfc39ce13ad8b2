"""Which addresses a box takes, as its library for them does (email-validator, without asking the DNS)."""

import re

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+(\.[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+)*")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9\-]{0,61}[A-Za-z0-9])?")
_FOREIGN = re.compile(r"[^@.a-z0-9_\-]")
_SPECIAL = ("arpa", "invalid", "local", "localhost", "onion", "test")
"""Special-use names (RFC 6761) that it refuses; `example` is none of them."""
_DOMAIN_CONTROL = ("admin", "administrator", "postmaster", "hostmaster", "webmaster", "abuse")
_LONGEST, _LONGEST_LOCAL, _LONGEST_DOMAIN = 254, 64, 253


def is_address(address: str, *, empty_local: bool = False) -> bool:
    local, at, domain = address.rpartition("@")
    if not at or len(local) > _LONGEST_LOCAL:
        return False
    if not (_LOCAL.fullmatch(local) or (empty_local and not local)):
        return False
    name = in_ascii(domain)
    return name is not None and _is_domain(name) and len(local) + 1 + len(name) <= _LONGEST


def is_login(address: str) -> bool:
    """Whether a user may have that address, which is one."""
    return _FOREIGN.search(address) is None


def is_for_domain_control(address: str) -> bool:
    """Whether certificate authorities write there to learn who owns the domain."""
    return address.lower().startswith(tuple(f"{name}{end}" for name in _DOMAIN_CONTROL for end in "@+"))


def in_ascii(domain: str) -> str | None:
    """The domain as it is in the DNS; None where it is no name."""
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return None


def in_unicode(domain: str) -> str:
    """The domain as people write it."""
    try:
        return domain.encode("ascii").decode("idna")
    except UnicodeError:
        return domain


def _is_domain(name: str) -> bool:
    labels = name.split(".")
    return (
        len(name) <= _LONGEST_DOMAIN
        and len(labels) > 1
        and all(_LABEL.fullmatch(label) for label in labels)
        and labels[-1][-1].isalpha()
        and not any(name.lower() == special or name.lower().endswith(f".{special}") for special in _SPECIAL)
    )
