"""TLSA: the certificate that senders who check DANE have to find is the box's."""

from collections.abc import Mapping, Sequence

import pytest

from bot.dns.checks import check_tlsa
from bot.dns.checks.tlsa import NAME, Association
from bot.dns.lookup import Answer, DnsResolver, NoData, NoDomain, Records, Unanswered
from bot.model import DnsRecord, Finding, Grade, Subject
from bot.sandbox.dns import DnsServer
from tests.support.dns_table import TableResolver

BOX = "box.acme.example"
ZONE = "acme.example"
OURS, OLD = f"3 1 1 {'ab' * 32}", f"3 1 1 {'cd' * 32}"
WANTED = (DnsRecord(f"_25._tcp.{BOX}", "TLSA", OURS),)
SILENT = Unanswered("no name server answered in time")
SOA = Records(("ns1.acme.example. hostmaster.acme.example. 1 3600 600 86400 60",))
SIGNED: Mapping[tuple[str, str], Answer] = {(ZONE, "SOA"): SOA, (ZONE, "DS"): Records(("1 13 2 ab",))}


def checked(*values: str) -> Records:
    return Records(values, validated=True)


async def look(
    answer: Answer,
    expected: Sequence[str] = (OURS,),
    table: Mapping[tuple[str, str], Answer] | None = None,
) -> list[Finding]:
    findings = await check_tlsa(BOX, expected, answer, TableResolver(table or {}))
    assert {finding.subject for finding in findings} == {Subject.TLSA}
    return findings


async def tags(
    answer: Answer,
    expected: Sequence[str] = (OURS,),
    table: Mapping[tuple[str, str], Answer] | None = None,
) -> list[tuple[str, Grade]]:
    return [(finding.tag, finding.grade) for finding in await look(answer, expected, table)]


@pytest.mark.parametrize("answer", [NoDomain(), NoData()])
async def test_no_record_is_a_note_with_the_one_to_publish(answer: Answer) -> None:
    (finding,) = await look(answer)
    assert (finding.tag, finding.grade, finding.publish) == ("TLSA_ABSENT", Grade.INFO, WANTED)
    (untold,) = await look(answer, ())
    assert untold.publish == ()


@pytest.mark.parametrize("expected", [OURS, OURS.upper(), f"3 1 1 {'ab' * 16} {'ab' * 16}"])
async def test_the_boxs_own_record_is_all_right_however_it_is_written(expected: str) -> None:
    assert await tags(checked(OURS), [expected]) == [("TLSA_OK", Grade.OK)]


async def test_one_that_fits_is_enough_so_that_an_old_one_may_stay() -> None:
    # RFC 7671 section 8.1: for a while, the old and the new one stand side by side.
    assert await tags(checked(OLD, OURS)) == [("TLSA_OK", Grade.OK)]


async def test_a_record_that_does_not_fit_fails_for_senders_that_check_dane() -> None:
    (finding,) = await look(checked(OLD))
    assert (finding.tag, finding.grade, finding.publish) == ("TLSA_MISMATCH", Grade.FAIL, WANTED)
    assert "DANE" in finding.why
    assert finding.found == (OLD,)


async def test_without_dnssec_a_record_is_a_note_that_it_does_nothing_even_if_it_is_wrong() -> None:
    unsigned: Mapping[tuple[str, str], Answer] = {(ZONE, "SOA"): SOA, (ZONE, "DS"): NoData()}
    (right,) = await look(Records((OURS,)), table=unsigned)
    assert (right.tag, right.grade, right.publish) == ("TLSA_UNSIGNED", Grade.INFO, ())
    assert "does not fit" not in right.why
    (wrong,) = await look(Records((OLD,)), table=unsigned)
    assert (wrong.tag, wrong.grade, wrong.publish) == ("TLSA_UNSIGNED", Grade.INFO, WANTED)
    assert "does not fit" in wrong.why
    assert await tags(Records((OLD,)), table={}) == [("TLSA_UNSIGNED", Grade.INFO)]


async def test_in_a_signed_zone_it_counts_also_where_the_resolver_checks_no_signatures() -> None:
    assert await tags(Records((OLD,)), table=SIGNED) == [("TLSA_MISMATCH", Grade.FAIL)]
    assert await tags(Records((OURS,)), table=SIGNED) == [("TLSA_OK", Grade.OK)]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (f"0 1 1 {'ab' * 32}", "usage 0"),
        (f"1 1 1 {'ab' * 32}", "usage 1"),
        (f"4 1 1 {'ab' * 32}", "no usage 4"),
        (f"255 1 1 {'ab' * 32}", "no usage 255"),
        (f"3 2 1 {'ab' * 32}", "no selector 2"),
        (f"3 1 3 {'ab' * 32}", "no matching type 3"),
        (f"3 1 1 {'ab' * 31}", "62 hexadecimal digits"),
        (f"3 1 2 {'ab' * 32}", "64 hexadecimal digits"),
        ("3 1 0", "0 hexadecimal digits"),
        ("3 1 1 abc", "can not be read"),
        ("3 1", "can not be read"),
        ("hello", "can not be read"),
    ],
)
async def test_a_record_that_senders_pass_over_is_a_warning(value: str, said: str) -> None:
    (alone,) = await look(checked(value))
    assert (alone.tag, alone.grade, alone.publish) == ("TLSA_UNUSABLE", Grade.WARN, WANTED)
    assert said in alone.summary
    assert "TLS" in alone.why
    (beside,) = await look(checked(OURS, value))
    assert (beside.tag, beside.grade, beside.publish) == ("TLSA_UNUSABLE", Grade.WARN, ())


async def test_a_record_that_is_passed_over_does_not_hide_one_that_does_not_fit() -> None:
    found = await tags(checked(OLD, f"1 1 1 {'ab' * 32}"))
    assert found == [("TLSA_MISMATCH", Grade.FAIL), ("TLSA_UNUSABLE", Grade.WARN)]


@pytest.mark.parametrize("value", [f"2 1 1 {'cd' * 32}", f"3 0 1 {'cd' * 32}", f"3 1 2 {'cd' * 64}"])
async def test_a_record_of_another_kind_may_fit_and_is_a_warning_only(value: str) -> None:
    (finding,) = await look(checked(value))
    assert (finding.tag, finding.grade, finding.publish) == ("TLSA_UNCOMPARED", Grade.WARN, WANTED)
    assert await tags(checked(value, OLD)) == [("TLSA_UNCOMPARED", Grade.WARN)]
    assert await tags(checked(value, OURS)) == [("TLSA_OK", Grade.OK)]


async def test_where_the_box_names_no_record_nothing_is_called_wrong() -> None:
    assert await tags(checked(OLD), ()) == [("TLSA_UNCOMPARED", Grade.INFO)]


async def test_no_answer_is_unknown_and_never_bad() -> None:
    unanswered = [("TLSA_UNANSWERED", Grade.UNKNOWN)]
    assert await tags(SILENT) == unanswered
    assert await tags(Records((OLD,)), table={(BOX, "SOA"): SILENT}) == unanswered
    assert await tags(Records((OLD,)), table={(ZONE, "SOA"): SOA, (ZONE, "DS"): SILENT}) == unanswered


def test_a_whole_certificate_is_read_through_its_gaps() -> None:
    one = Association.parse(f"3 0 0 {'ab' * 64} {'AB' * 10}")
    assert one is not None
    assert (one.data, one.mistake) == ("ab" * 74, None)


async def test_on_the_wire(server: DnsServer, patient: DnsResolver) -> None:
    name = f"{NAME}.{BOX}"

    async def seen(*expected: str) -> list[str]:
        answer = await patient.lookup(name, "TLSA")
        return [finding.tag for finding in await check_tlsa(BOX, expected or (OURS,), answer, patient)]

    server.set_records(ZONE, "SOA", [SOA.values[0]])
    assert await seen() == ["TLSA_ABSENT"]
    server.set_records(name, "TLSA", [OURS.upper()])
    assert await seen() == ["TLSA_UNSIGNED"]
    server.signed.add(name)
    assert await seen() == ["TLSA_OK"]
    assert await seen(OLD) == ["TLSA_MISMATCH"]
    certificate = f"3 0 0 {'ab' * 700}"
    server.set_records(name, "TLSA", [certificate])
    assert await seen(certificate) == ["TLSA_OK"]
    server.set_records(name, "TLSA", [OURS, f"1 1 1 {'ab' * 32}"])
    assert await seen() == ["TLSA_UNUSABLE"]
    server.signed.clear()
    server.set_records(ZONE, "DS", [f"12345 13 2 {'ab' * 32}"])
    assert await seen(OLD) == ["TLSA_MISMATCH", "TLSA_UNUSABLE"]
    server.faults[name] = "bogus"
    assert await seen() == ["TLSA_UNANSWERED"]
