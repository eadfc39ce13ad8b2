"""The tree walk: which names are asked, whose record counts for a domain without one, and what that comes to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dns.checks.dmarc import check_dmarc
from bot.dns.checks.dmarc_tree import MOST, places, walk
from bot.dns.expected import PURELYMAIL
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Unanswered
from bot.model import DnsRecord, Finding, Grade
from tests.support.dns_table import TableResolver

SUB = "mail.acme.example"
SILENT = Unanswered("no name server answered in time")


def table(**records: str) -> dict[tuple[str, str], Answer]:
    """By domain, with `__` for its dots: the DMARC record."""
    return {
        (f"_dmarc.{domain.replace('__', '.')}", "TXT"): Records((text,)) for domain, text in records.items()
    }


async def inherited(others: dict[tuple[str, str], Answer], answer: Answer | None = None) -> Finding:
    (finding,) = await check_dmarc(SUB, PURELYMAIL, answer or NoDomain(), TableResolver(others))
    return finding


@pytest.mark.parametrize(
    ("domain", "asked"),
    [
        ("example", ["example"]),
        ("acme.example", ["acme.example", "example"]),
        (
            "a.b.c.d.e.f.g.example",
            [
                "a.b.c.d.e.f.g.example",
                "b.c.d.e.f.g.example",
                "c.d.e.f.g.example",
                "d.e.f.g.example",
                "e.f.g.example",
                "f.g.example",
                "g.example",
                "example",
            ],
        ),
        (
            "a.b.c.d.e.f.g.h.i.j.mail.example.com",
            [
                "a.b.c.d.e.f.g.h.i.j.mail.example.com",
                "g.h.i.j.mail.example.com",
                "h.i.j.mail.example.com",
                "i.j.mail.example.com",
                "j.mail.example.com",
                "mail.example.com",
                "example.com",
                "com",
            ],
        ),
    ],
)
def test_the_walk_goes_up_to_the_top_and_passes_over_the_middle_of_long_names(
    domain: str, asked: list[str]
) -> None:
    assert places(domain) == asked


@given(st.integers(min_value=1, max_value=60))
def test_no_name_takes_more_than_eight_questions(labels: int) -> None:
    asked = places(".".join(f"l{number}" for number in range(labels)))
    assert len(asked) == min(labels, MOST)


@pytest.mark.parametrize(
    ("records", "organisation"),
    [
        ({}, SUB),
        ({"acme__example": "v=DMARC1; p=none"}, "acme.example"),
        ({"mail__acme__example": "v=DMARC1", "acme__example": "v=DMARC1"}, "acme.example"),
        ({"acme__example": "v=DMARC1", "example": "v=DMARC1"}, "example"),
        ({"acme__example": "v=DMARC1", "example": "v=DMARC1; psd=y"}, "acme.example"),
        ({"example": "v=DMARC1; psd=y"}, "acme.example"),
        ({"mail__acme__example": "v=DMARC1; psd=n", "acme__example": "v=DMARC1"}, SUB),
        ({"acme__example": "v=DMARC1; psd=n", "example": "v=DMARC1"}, "acme.example"),
        ({"mail__acme__example": "v=DMARC1; psd=y", "acme__example": "v=DMARC1"}, SUB),
        ({"acme__example": "v=DMARC1; psd=Y"}, SUB),
    ],
)
async def test_the_organisation_is_the_highest_with_a_record_or_the_one_that_psd_marks(
    records: dict[str, str], organisation: str
) -> None:
    assert (await walk(SUB, TableResolver(table(**records)))).organisation == organisation


async def test_a_mark_ends_the_walk() -> None:
    ask = TableResolver(table(acme__example="v=DMARC1; psd=n"))
    _ = await walk(SUB, ask)
    assert sorted(ask.count) == [("_dmarc.acme.example", "TXT"), ("_dmarc.mail.acme.example", "TXT")]


async def test_of_several_records_at_one_name_none_counts() -> None:
    ask = TableResolver({("_dmarc.acme.example", "TXT"): Records(("v=DMARC1; p=reject", "v=DMARC1; p=none"))})
    assert (await walk(SUB, ask)).applied is None


@pytest.mark.parametrize(
    ("record", "policy"),
    [
        ("v=DMARC1; p=reject", "reject"),
        ("v=DMARC1; p=reject; sp=quarantine", "quarantine"),
        ("v=DMARC1; p=none; sp=reject; np=none", "reject"),
        ("v=DMARC1; p=reject; t=y", "quarantine"),
    ],
)
@pytest.mark.parametrize("answer", [NoDomain(), NoData(), Records(("hello",))])
async def test_a_record_of_the_organisation_covers_the_domain_with_its_policy_for_subdomains(
    record: str, policy: str, answer: Answer
) -> None:
    finding = await inherited(table(acme__example=record), answer)
    assert (finding.tag, finding.grade, finding.found) == ("DMARC_INHERITED", Grade.INFO, (record,))
    assert finding.summary.endswith(f"the one at _dmarc.acme.example covers it: {policy}.")
    assert finding.publish == (DnsRecord(f"_dmarc.{SUB}", "CNAME", "dmarcroot.purelymail.com"),)


@pytest.mark.parametrize(
    "record",
    [
        "v=DMARC1; p=none",
        "v=DMARC1; p=reject; sp=none",
        "v=DMARC1; p=quarantine; t=y",
        "v=DMARC1; p=reject; sp=rejct",
    ],
)
async def test_a_record_of_the_organisation_without_effect_is_a_warning(record: str) -> None:
    finding = await inherited(table(acme__example=record))
    assert (finding.tag, finding.grade) == ("DMARC_POLICY_NONE", Grade.WARN)
    assert finding.publish


async def test_a_record_of_the_public_suffix_counts_where_the_organisation_has_none() -> None:
    finding = await inherited(table(example="v=DMARC1; p=reject; psd=y"))
    assert finding.tag == "DMARC_INHERITED"
    assert "_dmarc.example covers it: reject" in finding.summary


async def test_a_record_between_the_domain_and_its_organisation_does_not_count() -> None:
    records = table(acme__example="v=DMARC1; p=none", example="v=DMARC1; p=reject")
    assert "_dmarc.example covers it: reject" in (await inherited(records)).summary


async def test_with_no_record_up_to_the_top_it_is_missing() -> None:
    ask = TableResolver({})
    (finding,) = await check_dmarc(SUB, PURELYMAIL, NoDomain(), ask)
    assert (finding.tag, finding.grade) == ("DMARC_MISSING", Grade.FAIL)
    assert ask.count["_dmarc.example", "TXT"] == 1


async def test_silence_further_up_is_unknown_and_a_record_below_it_still_counts() -> None:
    silent: dict[tuple[str, str], Answer] = {("_dmarc.example", "TXT"): SILENT}
    finding = await inherited(silent)
    assert (finding.tag, finding.grade) == ("DMARC_UNANSWERED", Grade.UNKNOWN)
    assert (await inherited(silent | table(acme__example="v=DMARC1; p=reject"))).tag == "DMARC_INHERITED"


async def test_a_domain_behind_the_providers_name_that_is_covered_has_nothing_to_publish() -> None:
    finding = await inherited(
        table(acme__example="v=DMARC1; p=reject"), NoDomain(("dmarcroot.purelymail.com",))
    )
    assert (finding.tag, finding.publish) == ("DMARC_INHERITED", ())
    assert "PurelyMail has to mend this" in finding.why
