"""Mail addresses and domains as mail systems take them: lower case, domains as they stand in the DNS."""

import re

import dns.exception
import dns.name

_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")

LONGEST_LOCAL_PART = 64
LONGEST = 254
"""Octets of an address: what fits into a path with its brackets (RFC 5321 section 4.5.3.1.3)."""


def in_ascii(domain: str) -> str:
    """The domain in A-labels, lower case (RFC 5890 section 2.3.2.1); lower case as it is where the DNS can't hold it."""
    try:
        name = dns.name.from_unicode(domain, idna_codec=dns.name.IDNA_2008)
    except (dns.exception.DNSException, UnicodeError):
        return domain.lower()
    return name.to_text(omit_final_dot=True).lower()


def parse(text: str) -> str | None:
    """The address in that spelling; None for what is no address, or one that not every mail system takes.

    Quoted local parts and such beyond ASCII are of the latter sort (RFC 5321 section 4.1.2, RFC 6531).
    """
    local_part, at, domain = text.strip().rpartition("@")
    address = f"{local_part.lower()}@{in_ascii(domain)}"
    name = address.rpartition("@")[2]
    labels = name.split(".")
    fits = (
        at
        and len(local_part) <= LONGEST_LOCAL_PART
        and len(address) <= LONGEST
        and _LOCAL.fullmatch(local_part.lower())
        and len(labels) > 1
        and all(_LABEL.fullmatch(label) for label in labels)
        and not labels[-1].isdigit()
    )
    return address if fits else None
