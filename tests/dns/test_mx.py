"""MX: what each answer says about where mail goes."""

import pytest

from bot.dns.checks import check_mx
from bot.dns.expected import PURELYMAIL
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Unanswered
from bot.model import DnsRecord, Finding, Grade, Subject
from tests.support.dns_table import TableResolver

OURS = "10 mailserver.purelymail.com"
WANTED = DnsRecord("acme.example", "MX", "mailserver.purelymail.com", 10)
HOSTS = ("mailserver.purelymail.com", "mx.oldprovider.example", "mailserver.purelymail.com.evil.example")
ADDRESSES = TableResolver({(host, "A"): Records(("192.0.2.25",)) for host in HOSTS})


async def look(answer: Answer) -> Finding:
    (finding,) = await check_mx("acme.example", PURELYMAIL, answer, ADDRESSES)
    assert finding.subject is Subject.MX
    return finding


@pytest.mark.parametrize("priority", [0, 5, 10, 50, 65535])
async def test_the_providers_host_alone_is_healthy_whatever_its_priority(priority: int) -> None:
    finding = await look(Records((f"{priority} mailserver.purelymail.com",)))
    assert (finding.tag, finding.grade, finding.publish) == ("MX_OK", Grade.OK, ())


@pytest.mark.parametrize(
    ("answer", "tag"),
    [
        (NoData(), "MX_MISSING"),
        (NoDomain(), "MX_MISSING"),
        (Records(("10 mx.oldprovider.example",)), "MX_WRONG"),
        (Records(("0 .",)), "NULL_MX"),
        (Records(("0 .", OURS)), "NULL_MX"),
        (Records((OURS, "5 mx.oldprovider.example")), "MX_EXTRA"),
        (Records((OURS, "10 mx.oldprovider.example")), "MX_EXTRA"),
    ],
)
async def test_mail_that_does_not_arrive_fails_and_the_record_is_named(answer: Answer, tag: str) -> None:
    finding = await look(answer)
    assert (finding.tag, finding.grade, finding.publish) == (tag, Grade.FAIL, (WANTED,))
    assert finding.why


async def test_another_host_that_is_asked_only_after_the_providers_is_a_warning() -> None:
    finding = await look(Records((OURS, "20 mx.oldprovider.example")))
    assert (finding.tag, finding.grade) == ("MX_EXTRA", Grade.WARN)
    assert "mx.oldprovider.example" in finding.summary
    assert finding.found == (OURS, "20 mx.oldprovider.example")


async def test_a_host_whose_name_only_contains_the_providers_is_another_host() -> None:
    assert (await look(Records(("10 mailserver.purelymail.com.evil.example",)))).tag == "MX_WRONG"


async def test_the_wrong_host_is_named_beside_the_right_one() -> None:
    finding = await look(Records(("10 mx.oldprovider.example",)))
    assert "mx.oldprovider.example" in finding.summary
    assert "mailserver.purelymail.com" in finding.summary


@pytest.mark.parametrize(
    ("values", "said"), [(("0 .",), "it takes no mail"), (("0 .", OURS), "beside other MX")]
)
async def test_a_null_mx_alone_and_beside_others_are_told_apart(values: tuple[str, ...], said: str) -> None:
    assert said in (await look(Records(values))).summary


async def test_no_answer_is_unknown_and_never_red() -> None:
    finding = await look(Unanswered("the name servers answered SERVFAIL"))
    assert (finding.tag, finding.grade, finding.publish) == ("MX_UNANSWERED", Grade.UNKNOWN, ())
    assert "SERVFAIL" in finding.summary
