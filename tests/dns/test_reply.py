"""Reading answers: the same as a whole reading by dnspython says, and never a made-up record where one can't be read."""

from contextlib import suppress
from itertools import pairwise

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dns.lookup import DnsResolver, Records, Unanswered
from bot.dns.reply import Reply, read
from bot.dns.wire import RD, UnusableError, is_answer, question
from tests.support.scripted_dns import Scripted

NAME = "acme.example"
SOA = "ns.acme.example. hostmaster.acme.example. 1 3600 600 86400 60"


def message(
    rdtype: str,
    *answer: str,
    authority: str = "",
    rcode: int = 0,
    options: list[dns.edns.Option] | None = None,
) -> dns.message.Message:
    """Each of `answer`: name, TTL, type and data."""
    made = dns.message.make_response(dns.message.make_query(NAME, rdtype, use_edns=0))
    for one in answer:
        name, ttl, kind, data = one.split(" ", 3)
        made.answer.append(dns.rrset.from_text(f"{name}.", int(ttl), "IN", kind, data))
    if authority:
        made.authority.append(dns.rrset.from_text(f"{NAME}.", 300, "IN", "SOA", authority))
    if options is not None:
        made.use_edns(0, 0, 1232, options=options)
    made.set_rcode(dns.rcode.Rcode.make(rcode))
    return made


def reading(made: dns.message.Message | bytes, rdtype: str) -> Reply:
    wire = made if isinstance(made, bytes) else made.to_wire()
    asked = question(NAME, rdtype, RD)
    assert is_answer(wire, asked)
    return read(wire, asked)


@pytest.mark.parametrize(
    ("rdtype", "data", "said"),
    [
        ("A", "192.0.2.1", "192.0.2.1"),
        ("AAAA", "2001:db8::1", "2001:db8::1"),
        ("MX", "10 Mail.ACME.example.", "10 mail.acme.example"),
        ("NS", "ns.Acme.example.", "ns.acme.example"),
        ("PTR", "box.acme.example.", "box.acme.example"),
        ("SRV", "0 1 443 box.acme.example.", "0 1 443 box.acme.example"),
        ("DS", "12345 13 2 " + "ab" * 32, "12345 13 2 " + "ab" * 32),
        ("TLSA", "3 1 1 " + "ab" * 32, "3 1 1 " + "ab" * 32),
        ("CNAME", "other.example.", "other.example"),
        ("SOA", SOA, SOA),
        ("TXT", '"v=spf1 " "-all"', "v=spf1 -all"),
        ("TXT", '""', ""),
        ("TXT", '"\\195\\188\\255"', "ü\ufffd"),
    ],
)
def test_records_are_read_as_text_in_lower_case_with_their_ttl(rdtype: str, data: str, said: str) -> None:
    reply = reading(message(rdtype, f"{NAME} 300 {rdtype} {data}"), rdtype)
    assert (reply.rcode, reply.values, reply.chain, reply.ttl) == (0, (said,), (), 300)


def test_records_come_in_order_each_once_with_the_least_ttl() -> None:
    answer = [f"{NAME} {ttl} MX {data}" for ttl, data in ((60, "20 b."), (30, "10 a."), (90, "20 B."))]
    reply = reading(message("MX", *answer), "MX")
    assert (reply.values, reply.ttl) == (("10 a", "20 b"), 30)


def test_same_text_in_other_strings_is_another_record() -> None:
    answer = [f'{NAME} 60 TXT "v=spf1 -all"', f'{NAME} 60 TXT "v=spf1 " "-all"']
    assert reading(message("TXT", *answer), "TXT").values == ("v=spf1 -all", "v=spf1 -all")


def test_what_stands_at_other_names_or_in_other_types_is_not_the_answer() -> None:
    answer = [f"{NAME} 60 A 192.0.2.1", "evil.example 60 MX 10 evil.", f"{NAME} 60 MX 10 mail."]
    assert reading(message("MX", *answer), "MX").values == ("10 mail",)


def test_aliases_are_followed_in_whatever_order_they_come() -> None:
    answer = ["b.example 60 CNAME c.example.", 'c.example 60 TXT "x"', f"{NAME} 60 CNAME B.example."]
    reply = reading(message("TXT", *answer), "TXT")
    assert (reply.values, reply.chain) == (("x",), ("b.example", "c.example"))


@pytest.mark.parametrize("number", [14, 15, 16, 40])
def test_aliases_are_followed_only_so_far(number: int) -> None:
    names = [NAME, *(f"n{one}.example" for one in range(number))]
    answer = [f"{name} 60 CNAME {after}." for name, after in pairwise(names)]
    made = message("TXT", *answer, f'{names[-1]} 60 TXT "x"')
    if number < 16:
        assert reading(made, "TXT").values == ("x",)
    else:
        with pytest.raises(UnusableError):
            _ = reading(made, "TXT")


@pytest.mark.parametrize(("soa", "ttl"), [(SOA, 60), (SOA[:-2] + "900", 300), ("", 0)])
def test_absence_is_believed_for_the_lesser_of_the_soas_ttl_and_its_minimum(soa: str, ttl: int) -> None:
    reply = reading(message("MX", authority=soa), "MX")
    assert (reply.values, reply.ttl, reply.negative_ttl) == ((), None, ttl)


def test_ttl_with_its_top_bit_set_is_zero() -> None:
    wire = message("MX", f"{NAME} 305419896 MX 10 mail.").to_wire()
    assert reading(wire.replace(b"\x12\x34\x56\x78", b"\x80\x00\x00\x01"), "MX").ttl == 0


def test_reasons_for_a_failure_are_read_and_others_are_not() -> None:
    options: list[dns.edns.Option] = [
        dns.edns.GenericOption("COOKIE", b"cookiecookie"),
        dns.edns.EDEOption("SIGNATURE_EXPIRED", "expired"),
        dns.edns.EDEOption("DNSKEY_MISSING"),
        dns.edns.GenericOption("EDE", b"\x00\x06over\x00"),
    ]
    failed = reading(message("MX", rcode=2, options=options), "MX")
    assert (failed.rcode, failed.errors) == (2, ((7, "expired"), (9, ""), (6, "over")))
    assert reading(message("MX", options=options), "MX").errors == ()


@pytest.mark.parametrize("option", [b"", b"\x07", b"\x00\x07\xff"])
def test_reason_that_can_not_be_read_leaves_the_failure_a_failure(option: bytes) -> None:
    failed = reading(message("MX", rcode=2, options=[dns.edns.GenericOption("EDE", option)]), "MX")
    assert failed.rcode == 2


def test_rest_of_the_code_in_edns_counts() -> None:
    refused = reading(message("MX", rcode=dns.rcode.BADVERS), "MX")
    assert refused.rcode == dns.rcode.BADVERS


def broken(*values: bytes) -> bytes:
    """An answer with TLSA records of these data."""
    made = message("TLSA", authority=SOA)
    made.answer.append(
        dns.rrset.from_rdata(
            f"{NAME}.",
            60,
            *(dns.rdata.GenericRdata(dns.rdataclass.IN, dns.rdatatype.TLSA, one) for one in values),
        )
    )
    return made.to_wire()


def test_record_that_can_not_be_read_is_left_out_and_with_no_other_the_answer_is_unusable() -> None:
    good = b"\x03\x01\x01" + b"\xab" * 32
    assert reading(broken(good, b"\x03"), "TLSA").values == ("3 1 1 " + "ab" * 32,)
    with pytest.raises(UnusableError):
        _ = reading(broken(b"\x03", b""), "TLSA")
    with pytest.raises(UnusableError):
        _ = reading(message("TXT", f'{NAME} 60 TXT "x"').to_wire().replace(b"\x01x", b"\x02x"), "TXT")


@pytest.mark.parametrize(
    ("name", "read_as"),
    [
        (b"\x01b\xc0\x0c", "b.acme.example"),
        (b"\x01B\x07example\x00", "b.example"),
        (b"\xc0\x11", "example"),
        (b"\xc0\x2a", None),  # at itself
        (b"\x01b\xc0\x2a", None),  # at its own beginning
        (b"\xc0\x2c", None),  # ahead
        (b"\x40b\x00", None),  # neither a label nor a place
        (b"\x3f" + b"x" * 10, None),  # longer than what is there
        ((b"\x3f" + b"x" * 63) * 4 + b"\x00", None),  # 257 bytes
    ],
)
def test_name_is_read_through_its_compression_and_never_in_a_circle(name: bytes, read_as: str | None) -> None:
    header = b"\0\0\x81\x80\0\x01\0\x01\0\0\0\0" + question(NAME, "TXT", RD).rest[10:]
    wire = header + b"\xc0\x0c\0\x05\0\x01\0\0\0\x3c" + len(name).to_bytes(2) + name
    assert wire.index(name, len(header)) == 0x2A
    if read_as is None:
        with pytest.raises(UnusableError):
            _ = reading(wire, "TXT")
    else:
        assert reading(wire, "TXT").chain == (read_as,)


@pytest.mark.parametrize(("jumps", "read_as"), [(2, "example"), (16, "example"), (17, None), (100, None)])
def test_name_that_jumps_too_often_is_not_followed(jumps: int, read_as: str | None) -> None:
    header = b"\0\0\x81\x80\0\x01\0\x02\0\0\0\0" + question(NAME, "TXT", RD).rest[10:]
    # The first place is a label of the question, each other one is that before it.
    places = [0x11, *range(0x2A, 0x2A + 2 * (jumps - 2), 2)]
    data = b"".join((0xC000 | place).to_bytes(2) for place in places)
    other = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c" + len(data).to_bytes(2) + data
    last = (0xC000 | (0x2A + len(data) - 2)).to_bytes(2)
    wire = header + other + b"\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x02" + last
    if read_as is None:
        with pytest.raises(UnusableError):
            _ = reading(wire, "TXT")
    else:
        assert reading(wire, "TXT").chain == (read_as,)


async def test_bad_record_is_said_at_once_to_be_unusable(scripted: Scripted) -> None:
    host, port = scripted.server
    resolver = DnsResolver((f"{host}:{port}",), in_flight=5)
    scripted.replies = lambda data, _: [data[:2] + broken(b"\x03")[2:]]
    assert await resolver.lookup(NAME, "TLSA") == Unanswered("the answer can't be used")
    assert len(scripted.heard) == 1
    scripted.replies = lambda data, _: [data[:2] + broken(b"\x03", b"\x03\x01\x00\xab")[2:]]
    assert await resolver.lookup(NAME, "TLSA") == Records(("3 1 0 ab",), ttl=60)


async def test_records_of_a_name_that_does_not_exist_are_unusable(scripted: Scripted) -> None:
    host, port = scripted.server
    contradiction = message("MX", f"{NAME} 60 MX 10 mail.", rcode=dns.rcode.NXDOMAIN).to_wire()
    scripted.replies = lambda data, _: [data[:2] + contradiction[2:]]
    answer = await DnsResolver((f"{host}:{port}",), in_flight=5).lookup(NAME, "MX")
    assert answer == Unanswered("the answer can't be used")


@given(st.data())
def test_cut_off_or_damaged_message_is_unusable_or_read_but_never_raises_anything_else(
    data: st.DataObject,
) -> None:
    options: list[dns.edns.Option] = [dns.edns.EDEOption("SIGNATURE_EXPIRED", "expired")]
    made = message(
        "MX", f"{NAME} 60 CNAME b.example.", "b.example 60 MX 10 a.", authority=SOA, options=options
    )
    wire = bytearray(made.to_wire())
    asked = question(NAME, "MX", RD)
    with pytest.raises(UnusableError):
        _ = read(bytes(wire[: data.draw(st.integers(asked.ends, len(wire) - 1))]), asked)
    with pytest.raises(UnusableError):
        _ = read(bytes(wire) + b"\0", asked)
    for _ in range(3):
        at = data.draw(st.integers(2, len(wire) - 1))
        wire[at] = data.draw(st.integers(0, 255))
    with suppress(UnusableError):
        assert isinstance(read(bytes(wire), asked), Reply)


@given(st.binary(max_size=80))
def test_garbage_is_no_answer_or_unusable(garbage: bytes) -> None:
    asked = question(NAME, "MX", RD)
    wire = b"\0\0\x81\x80" + garbage
    if is_answer(wire, asked):
        with pytest.raises(UnusableError):
            _ = read(wire, asked)
