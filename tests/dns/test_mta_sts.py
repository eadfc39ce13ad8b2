"""MTA-STS: the record, the policy that it stands for, and whether that names the MX."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from bot.dns.checks.mta_sts import Policy, check_mta_sts
from bot.dns.expected import PURELYMAIL
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Unanswered
from bot.dns.policy import Fetched, NoPolicy, Policies, PolicyText, Unfetched
from bot.model import Finding, Grade, Subject
from tests.support.dns_table import TableResolver

HOST = "mta-sts.acme.example"
RECORD = Records(("v=STSv1; id=20261121T0800",))
MX = Records(("10 mailserver.purelymail.com",))
SILENT = Unanswered("no name server answered in time")
ADDRESS: dict[tuple[str, str], Answer] = {(HOST, "A"): Records(("192.0.2.80",))}


def policy(mode: str = "enforce", *mx: str, age: str = "604800") -> str:
    names = mx or ("mailserver.purelymail.com",)
    return "\r\n".join(
        ["version: STSv1", f"mode: {mode}", *(f"mx: {name}" for name in names), f"max_age: {age}", ""]
    )


class Served(Policies):
    """Policies from a table; asking for another one is a mistake of the test."""

    def __init__(self, table: dict[str, Fetched]) -> None:
        self.table = table

    @override
    async def fetch(self, host: str) -> Fetched:
        return self.table[host]


async def look_at_all(
    answer: Answer,
    fetched: Fetched | None = None,
    mx: Answer = MX,
    addresses: dict[tuple[str, str], Answer] = ADDRESS,
) -> list[Finding]:
    policies = Served({} if fetched is None else {HOST: fetched})
    findings = await check_mta_sts("acme.example", PURELYMAIL, answer, mx, TableResolver(addresses), policies)
    assert all(finding.subject is Subject.MTA_STS for finding in findings)
    return findings


async def judged(text: str, mx: Answer = MX) -> list[tuple[str, Grade]]:
    return [(f.tag, f.grade) for f in await look_at_all(RECORD, PolicyText(text), mx)]


async def test_an_enforced_policy_that_names_the_mx_is_fine() -> None:
    assert await judged(policy()) == [("MTA_STS_OK", Grade.OK)]


@pytest.mark.parametrize("answer", [NoData(), NoDomain(), Records(("hello", "v=spf1 -all"))])
async def test_no_record_is_a_note_and_no_policy_is_fetched(answer: Answer) -> None:
    (finding,) = await look_at_all(answer)
    assert (finding.tag, finding.grade) == ("MTA_STS_ABSENT", Grade.INFO)


@pytest.mark.parametrize(
    "text",
    [
        "v=STSv1",
        "v=STSv1;",
        "v=STSv1; id=",
        "v=STSv1; id=a-b",
        f"v=STSv1; id={'1' * 33}",
        "v=stsv1; id=1",
        "v=STSv2; id=1",
    ],
)
async def test_a_record_that_cant_be_read_is_a_warning(text: str) -> None:
    (finding,) = await look_at_all(Records((text,)))
    assert (finding.tag, finding.grade, finding.found) == ("MTA_STS_INVALID", Grade.WARN, (text,))


async def test_two_records_are_a_warning_and_other_texts_beside_one_are_not() -> None:
    (finding,) = await look_at_all(Records(("v=STSv1; id=1", "v=STSv1; id=2")))
    assert (finding.tag, finding.grade) == ("MTA_STS_MULTIPLE", Grade.WARN)
    (finding,) = await look_at_all(Records(("v=STSv1;id=1;x=y", "hello")), PolicyText(policy()))
    assert finding.tag == "MTA_STS_OK"


async def test_no_answer_about_the_record_is_unknown() -> None:
    (finding,) = await look_at_all(SILENT)
    assert (finding.tag, finding.grade) == ("MTA_STS_UNANSWERED", Grade.UNKNOWN)


async def test_a_policy_that_is_definitely_not_there_is_a_warning_and_silence_is_unknown() -> None:
    (finding,) = await look_at_all(RECORD, NoPolicy(f"{HOST} answered with HTTP 404"))
    assert (finding.tag, finding.grade) == ("MTA_STS_UNREACHABLE", Grade.WARN)
    assert (
        f"https://{HOST}/.well-known/mta-sts.txt can't be fetched: {HOST} answered with HTTP 404."
        in finding.summary
    )
    (finding,) = await look_at_all(RECORD, Unfetched(f"{HOST} did not answer in time"))
    assert (finding.tag, finding.grade) == ("MTA_STS_UNANSWERED", Grade.UNKNOWN)


@pytest.mark.parametrize(
    ("a", "aaaa", "tag"),
    [
        (NoDomain(), NoDomain(), "MTA_STS_UNREACHABLE"),
        (NoDomain(("gone.example",)), NoData(), "MTA_STS_UNREACHABLE"),
        (SILENT, NoData(), "MTA_STS_UNANSWERED"),
        (NoData(), SILENT, "MTA_STS_UNANSWERED"),
        (NoData(), Records(("2001:db8::1",)), "MTA_STS_OK"),
        (Records(("192.0.2.80",)), SILENT, "MTA_STS_OK"),
    ],
)
async def test_a_host_without_any_address_has_no_policy(a: Answer, aaaa: Answer, tag: str) -> None:
    found = await look_at_all(RECORD, PolicyText(policy()), addresses={(HOST, "A"): a, (HOST, "AAAA"): aaaa})
    assert [finding.tag for finding in found] == [tag]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>",
        policy().replace("STSv1", "STSv2"),
        policy("on"),
        policy(age="-1"),
        policy(age="31557601"),
        policy(age="9" * 5000),
        policy(age=""),
        "version: STSv1\nmode: enforce\nmax_age: 86400\n",
        policy("enforce", "10 mx.acme.example"),
        policy("enforce", "mx.*.example"),
        policy("enforce", ""),
    ],
)
async def test_a_policy_that_senders_cant_use_is_a_warning(text: str) -> None:
    assert await judged(text) == [("MTA_STS_POLICY_INVALID", Grade.WARN)]


@pytest.mark.parametrize(
    "text",
    [
        "mx: MailServer.PurelyMail.com.\nmax_age:86400\nmode:enforce\nversion:STSv1",
        policy() + "extra: 1\r\nmode: none\r\n",
        "version: STSv1\nmode: enforce\nmx: *.purelymail.com\nmax_age: 31557600",
    ],
)
async def test_order_letter_case_and_what_is_unknown_do_not_matter(text: str) -> None:
    assert await judged(text) == [("MTA_STS_OK", Grade.OK)]


@pytest.mark.parametrize(
    ("pattern", "host", "allowed"),
    [
        ("mx.acme.example", "mx.acme.example", True),
        ("*.acme.example", "mx.acme.example", True),
        ("*.acme.example", "acme.example", False),
        ("*.acme.example", "a.mx.acme.example", False),
        ("acme.example", "mx.acme.example", False),
        ("*.example", "mx.example.com", False),
    ],
)
def test_a_wildcard_stands_for_one_label(pattern: str, host: str, allowed: bool) -> None:
    assert Policy.parse(policy("enforce", pattern)).allows(host) is allowed


async def test_an_enforced_policy_that_leaves_the_mx_out_stops_mail() -> None:
    (finding,) = await look_at_all(RECORD, PolicyText(policy("enforce", "mx.oldprovider.example")))
    assert (finding.tag, finding.grade) == ("MTA_STS_MX_MISMATCH", Grade.FAIL)
    assert "mx: mailserver.purelymail.com" in finding.why


@pytest.mark.parametrize(
    ("mode", "names", "tags"),
    [
        ("enforce", ["mailserver.purelymail.com"], [("MTA_STS_MX_MISMATCH", Grade.WARN)]),
        ("enforce", ["mx.left.example"], [("MTA_STS_MX_MISMATCH", Grade.FAIL)]),
        (
            "testing",
            ["mx.left.example"],
            [("MTA_STS_MX_MISMATCH", Grade.WARN), ("MTA_STS_TESTING", Grade.INFO)],
        ),
        ("testing", ["mx.left.example", "*.purelymail.com"], [("MTA_STS_TESTING", Grade.INFO)]),
        ("none", ["mx.left.example"], [("MTA_STS_NONE", Grade.INFO)]),
    ],
)
async def test_what_a_policy_leaves_out_weighs_by_its_mode_and_by_which_mx_it_is(
    mode: str, names: list[str], tags: list[tuple[str, Grade]]
) -> None:
    mx = Records(("10 mailserver.purelymail.com", "20 mx.left.example"))
    assert await judged(policy(mode, *names), mx) == tags


async def test_mode_none_needs_no_mx() -> None:
    assert await judged("version: STSv1\nmode: none\nmax_age: 86400") == [("MTA_STS_NONE", Grade.INFO)]


async def test_without_the_mx_nothing_is_said_of_it_and_silence_about_it_is_unknown() -> None:
    assert await judged(policy(), NoData()) == [("MTA_STS_OK", Grade.OK)]
    assert await judged(policy(), Records(("0 .",))) == [("MTA_STS_OK", Grade.OK)]
    assert await judged(policy(), SILENT) == [("MTA_STS_UNANSWERED", Grade.UNKNOWN)]


@given(st.text())
def test_any_text_can_be_read_as_a_policy(text: str) -> None:
    assert Policy.parse(text).mistake
