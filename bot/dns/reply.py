"""What an answer says of what was asked. Nothing else of it is read but for where each record ends.

A look at a domain is a dozen questions: to read every message whole would be most of what a look costs.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import dns.edns
import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.txtbase

from bot.dns.wire import HEADER, HEADER_BYTES, IN, NOERROR, NXDOMAIN, RECORD, Question, UnusableError

_CNAME, _SOA, _TXT, _OPT = (
    int(one) for one in (dns.rdatatype.CNAME, dns.rdatatype.SOA, dns.rdatatype.TXT, dns.rdatatype.OPT)
)
_TOLD = frozenset((NOERROR, NXDOMAIN))
"""With these, what there is has been said."""

MOST_ALIASES = 16
"""An alias that leads further is taken for one that leads nowhere."""

MOST_JUMPS = 16
"""In one compressed name; what jumps more often only wants to keep its reader busy."""

_NAME_BYTES = 255
_LABEL_BYTES = 63
_TTL_LIMIT = 0x7FFFFFFF
_SOA_BYTES = 22


class _Record(NamedTuple):
    """Where in the message it is: its name, and its data."""

    name_at: int
    rdtype: int
    rdclass: int
    ttl: int
    begins: int
    ends: int


@dataclass(frozen=True, slots=True)
class Reply:
    """`values` and `chain` as in Records; `ttl` is the least of the values', None without them.

    `negative_ttl`: for how long their absence may be believed (RFC 2308 section 5). `errors`: code and text of the reasons
    for a failure (RFC 8914).
    """

    rcode: int
    flags: int
    values: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()
    ttl: int | None = None
    negative_ttl: int = 0
    errors: tuple[tuple[int, str], ...] = ()


def read(data: bytes, asked: Question) -> Reply:
    """Read an answer to that question. Raises UnusableError."""
    try:
        return _read(data, asked)
    except (IndexError, struct.error, dns.exception.DNSException) as error:
        raise UnusableError(type(error).__name__) from error


def _read(data: bytes, asked: Question) -> Reply:
    flags, questions, answers, authorities, additional = HEADER.unpack_from(data, 2)
    records, at = [], asked.ends if questions else HEADER_BYTES
    for _ in range(answers + authorities + additional):
        name_at = at
        at = _skip_name(data, at)
        rdtype, rdclass, ttl, length = RECORD.unpack_from(data, at)
        begins = at + RECORD.size
        at = begins + length
        records.append(_Record(name_at, rdtype, rdclass, ttl, begins, at))
    if at != len(data):
        raise UnusableError("it ends elsewhere than its last record")
    opt = next((one for one in records[answers + authorities :] if one.rdtype == _OPT), None)
    rcode = flags & 0xF
    if opt is not None:
        rcode |= opt.ttl >> 24 << 4
    chain, found = _follow(data, asked, records[:answers])
    return Reply(
        rcode,
        flags,
        _texts(data, asked.rdtype, found),
        tuple(map(_text_of_name, chain)),
        min(map(_ttl, found)) if found else None,
        _negative_ttl(data, records[answers : answers + authorities]) if not found else 0,
        _errors(data[opt.begins : opt.ends]) if opt is not None and rcode not in _TOLD else (),
    )


def _follow(data: bytes, asked: Question, answers: Sequence[_Record]) -> tuple[list[bytes], list[_Record]]:
    """The names that CNAMEs lead through, and what the last one of them has."""
    found: dict[tuple[bytes, int], list[_Record]] = {}
    for one in answers:
        if one.rdclass == IN:
            found.setdefault((_name(data, one.name_at, asked), one.rdtype), []).append(one)
    name, chain = asked.name, list[bytes]()
    while not (records := found.get((name, asked.rdtype), [])) and (aliases := found.get((name, _CNAME))):
        name = _name(data, aliases[-1].begins, asked)
        chain.append(name)
        if len(chain) >= MOST_ALIASES:
            raise UnusableError("aliases without an end")
    return chain, records


def _texts(data: bytes, rdtype: int, records: Sequence[_Record]) -> tuple[str, ...]:
    """The records in order, each once. One that can't be read is left out; raises UnusableError if none is left."""
    known = dns.rdatatype.RdataType.make(rdtype)
    if len(records) > 1 and dns.rdatatype.is_singleton(known):
        records = records[-1:]
    texts: dict[object, str] = {}
    for one in records:
        if rdtype == _TXT:
            raw = data[one.begins : one.ends]
            if (text := _txt(raw)) is not None:
                texts[raw] = text
        else:
            try:
                rdata = dns.rdata.from_wire(IN, known, data, one.begins, one.ends - one.begins)
            except dns.exception.DNSException:
                continue
            # It takes long to tell whether two are the same.
            texts[rdata if len(records) > 1 else None] = rdata_text(rdata)
    if records and not texts:
        raise UnusableError("records that can't be read")
    return tuple(sorted(texts.values()))


def _ttl(record: _Record) -> int:
    return record.ttl if record.ttl <= _TTL_LIMIT else 0  # RFC 2181 section 8


def _negative_ttl(data: bytes, authorities: Sequence[_Record]) -> int:
    """The lesser of the SOA's TTL and its last field (RFC 2308 section 5)."""
    for one in authorities:
        if one.rdtype == _SOA and one.ends - one.begins >= _SOA_BYTES:
            return min(_ttl(one), int.from_bytes(data[one.ends - 4 : one.ends]))
    return 0


def _txt(raw: bytes) -> str | None:
    strings, at = [], 0
    while at < len(raw):
        begins = at + 1
        at = begins + raw[at]
        strings.append(raw[begins:at])
    return b"".join(strings).decode("utf-8", "replace") if strings and at == len(raw) else None


def rdata_text(rdata: dns.rdata.Rdata) -> str:
    """A record as text, as in Records."""
    if isinstance(rdata, dns.rdtypes.txtbase.TXTBase):
        return b"".join(rdata.strings).decode("utf-8", "replace")
    text = str(rdata).lower()
    return text if text.endswith(" .") else text.removesuffix(".")


def _skip_name(data: bytes, at: int) -> int:
    """Where what follows the name begins."""
    while length := data[at]:
        if length >= 0xC0:
            return at + 2
        if length > _LABEL_BYTES:
            raise UnusableError("a label of an unknown kind")
        at += 1 + length
    return at + 1


def _name(data: bytes, at: int, asked: Question) -> bytes:
    """The name at that place, uncompressed, lower case."""
    if data[at : at + 2] == b"\xc0\x0c" and data[4:6] != b"\0\0":
        return asked.name  # that is where the question has it
    labels, lowest, jumps = [], at, 0
    while length := data[at]:
        if length >= 0xC0:
            # RFC 1035 section 4.1.4: to an earlier place; that alone keeps it from going round in circles.
            at = int.from_bytes(data[at : at + 2]) & 0x3FFF
            jumps += 1
            if at >= lowest or jumps > MOST_JUMPS:
                raise UnusableError("a name that points to itself")
            lowest = at
        else:
            labels.append(data[at : at + 1 + length])
            at += 1 + length
    name = b"".join(labels).lower() + b"\0"
    if len(name) > _NAME_BYTES or any(label[0] > _LABEL_BYTES for label in labels):
        raise UnusableError("a name that is too long")
    return name


@lru_cache(maxsize=1024)
def _text_of_name(wire: bytes) -> str:
    name, _ = dns.name.from_wire(wire, 0)
    return name.to_text(omit_final_dot=True)


def _errors(opt: bytes) -> tuple[tuple[int, str], ...]:
    """The extended errors among the options of EDNS (RFC 8914 section 2)."""
    errors, at = [], 0
    while at + 4 <= len(opt):
        code, length = struct.unpack_from("!HH", opt, at)
        at += 4
        option = opt[at : at + length]
        if code == dns.edns.OptionType.EDE and len(option) == length >= 2:
            errors.append(
                (int.from_bytes(option[:2]), option[2:].removesuffix(b"\0").decode("utf-8", "replace"))
            )
        at += length
    return tuple(errors)
