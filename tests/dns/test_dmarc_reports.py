"""DMARC reports: whether they are asked for, can be sent, and are taken where they go."""

import pytest

from bot.dns.checks.dmarc import check_dmarc
from bot.dns.expected import PURELYMAIL
from bot.dns.lookup import Answer, NoData, Records, Unanswered
from bot.model import DnsRecord, Finding, Grade
from tests.support.dns_table import TableResolver

REPORT = ("acme.example._report._dmarc.reports.test", "TXT")


async def notes(rua: str | None, others: dict[tuple[str, str], Answer] | None = None) -> list[Finding]:
    text = "v=DMARC1; p=reject" + ("" if rua is None else f"; rua={rua}")
    answer = Records((text,))
    ask = TableResolver({("_dmarc.acme.example", "TXT"): answer, **(others or {})})
    verdict, *notes = await check_dmarc("acme.example", PURELYMAIL, answer, ask)
    assert verdict.tag == "DMARC_OK"
    return notes


@pytest.mark.parametrize("rua", [None, "", " "])
async def test_a_record_that_asks_for_no_reports_is_noted(rua: str | None) -> None:
    (note,) = await notes(rua)
    assert (note.tag, note.grade) == ("DMARC_RUA_MISSING", Grade.INFO)


async def test_the_providers_record_is_not_asked_for_reports() -> None:
    answer = Records(
        ("v=DMARC1; p=reject; pct=100; rua=mailto:d@reports.test",), ("dmarcroot.purelymail.com",)
    )
    ask = TableResolver({})
    (finding,) = await check_dmarc("acme.example", PURELYMAIL, answer, ask)
    assert finding.tag == "DMARC_OK"
    assert not ask.count


@pytest.mark.parametrize(
    "rua",
    [
        "mailto:d@acme.example",
        "MAILTO:d@ACME.example!10m",
        "mailto:d%2Ce+f@acme.example , mailto:g@acme.example",
    ],
)
async def test_addresses_of_the_domain_itself_need_no_question(rua: str) -> None:
    assert await notes(rua) == []


@pytest.mark.parametrize(
    "rua",
    [
        "d@acme.example",
        "mailto:",
        "mailto:acme.example",
        "https://acme.example/d",
        "mailto:d@acme",
        "mailto:d@a b",
        ",",
    ],
)
async def test_a_place_that_no_report_can_be_sent_to_is_a_warning(rua: str) -> None:
    (note,) = await notes(rua)
    assert (note.tag, note.grade) == ("DMARC_RUA_INVALID", Grade.WARN)
    (note,) = await notes(f"mailto:d@acme.example,{rua}x") if rua != "," else [note]
    assert note.tag == "DMARC_RUA_INVALID"


@pytest.mark.parametrize("answer", [NoData(), Records(("hello",)), Records(("v=dmarc1",))])
async def test_another_organisation_that_does_not_take_the_reports_is_a_warning(answer: Answer) -> None:
    (note,) = await notes("mailto:d@reports.test", {REPORT: answer})
    assert (note.tag, note.grade) == ("DMARC_RUA_UNAUTHORISED", Grade.WARN)
    assert note.publish == (DnsRecord(REPORT[0], "TXT", "v=DMARC1"),)


@pytest.mark.parametrize("text", ["v=DMARC1", "v=DMARC1;", "v=DMARC1; rua=mailto:other@reports.test"])
async def test_another_organisation_that_takes_the_reports_is_fine(text: str) -> None:
    assert await notes("mailto:d@reports.test", {REPORT: Records((text,))}) == []


async def test_each_organisation_is_judged_once() -> None:
    found = await notes("mailto:a@reports.test,mailto:b@reports.test,mailto:c@other.test")
    assert [note.publish[0].name for note in found] == [REPORT[0], "acme.example._report._dmarc.other.test"]


async def test_a_name_of_the_same_organisation_needs_no_leave() -> None:
    assert await notes("mailto:d@in.acme.example") == []
    apart: dict[tuple[str, str], Answer] = {
        ("_dmarc.in.acme.example", "TXT"): Records(("v=DMARC1; p=none; psd=n",))
    }
    (note,) = await notes("mailto:d@in.acme.example", apart)
    assert note.tag == "DMARC_RUA_UNAUTHORISED"


@pytest.mark.parametrize("silent", [REPORT, ("_dmarc.reports.test", "TXT")])
async def test_silence_is_unknown_and_no_warning(silent: tuple[str, str]) -> None:
    (note,) = await notes("mailto:d@reports.test", {silent: Unanswered("no name server answered in time")})
    assert (note.tag, note.grade) == ("DMARC_UNANSWERED", Grade.UNKNOWN)
