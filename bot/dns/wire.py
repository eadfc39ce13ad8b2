"""DNS questions as they travel (RFC 1035 section 4), and which message is an answer to one."""

import re
import struct
from dataclasses import dataclass
from functools import lru_cache

import dns.flags
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype

# Plain numbers: arithmetic with dnspython's enumerations would be most of the work.
RD, AD, CD, AA = int(dns.flags.RD), int(dns.flags.AD), int(dns.flags.CD), int(dns.flags.AA)
NOERROR, NXDOMAIN = int(dns.rcode.NOERROR), int(dns.rcode.NXDOMAIN)
IN = dns.rdataclass.IN
_QR, _OPCODE, _TC = int(dns.flags.QR), 0x7800, int(dns.flags.TC)
_OPT = int(dns.rdatatype.OPT)

HEADER = struct.Struct("!HHHHH")
"""Flags and the numbers of questions and records, behind the two bytes of the message's own number."""

HEADER_BYTES = 12

RECORD = struct.Struct("!HHIH")
"""Type, class, TTL and length, between a record's name and its data."""

_KIND = struct.Struct("!HH")
_PLAIN = re.compile(r"(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}")
_NAME_LIMIT = 253

_BARE = frozenset(map(int, (dns.rcode.FORMERR, dns.rcode.SERVFAIL, dns.rcode.NOTIMP, dns.rcode.REFUSED)))
"""With these a server may leave out the question: it may not have been able to read it."""


class UnusableError(Exception):
    """What came back is no message that could be read, or leads nowhere."""


@dataclass(frozen=True, slots=True)
class Question:
    """`rest` is the message without its number. `name` is what it asks about, in the form that travels, lower case."""

    name: bytes
    rdtype: int
    rest: bytes

    @property
    def ends(self) -> int:
        """Where, in the message and in its answer, what follows the question begins."""
        return HEADER_BYTES + len(self.name) + 4


def question(name: str, rdtype: str, flags: int, payload: int = 0) -> Question:
    """Ask about an absolute name. `payload`: the longest answer over UDP in bytes (RFC 6891); 0 for a question without EDNS.

    Raises dns.exception.DNSException if that can't be a name.
    """
    if len(name) <= _NAME_LIMIT and _PLAIN.fullmatch(name):
        labels = name.lower().encode().split(b".")
        wire = b"".join([bytes((len(label),)) + label for label in labels]) + b"\0"
    else:
        unicode = dns.name.from_unicode(name, idna_codec=dns.name.IDNA_2008).derelativize(dns.name.root)
        wire = unicode.to_digestable()
    number = _number(rdtype)
    opt = b"\0" + RECORD.pack(_OPT, payload, 0, 0) if payload else b""
    header = HEADER.pack(flags, 1, 0, 0, 1 if payload else 0)
    return Question(wire, number, header + wire + _KIND.pack(number, IN) + opt)


@lru_cache(maxsize=64)
def _number(rdtype: str) -> int:
    return int(dns.rdatatype.from_text(rdtype))


def is_answer(data: bytes, asked: Question) -> bool:
    """Whether it is an answer to that question, read or not. Names are the same in any case (RFC 4343)."""
    if len(data) < HEADER_BYTES:
        return False
    flags, questions, *_ = HEADER.unpack_from(data, 2)
    if not flags & _QR or flags & _OPCODE:
        return False
    if not questions:
        return flags & 0xF in _BARE
    name_end = HEADER_BYTES + len(asked.name)
    return (
        questions == 1
        and data[HEADER_BYTES:name_end].lower() == asked.name
        and data[name_end : asked.ends] == _KIND.pack(asked.rdtype, IN)
    )


def is_truncated(data: bytes) -> bool:
    """RFC 2181 section 9: the whole answer has to be fetched over TCP."""
    return bool(data[2] << 8 & _TC)
