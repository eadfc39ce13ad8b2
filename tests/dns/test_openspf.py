"""The published test suite of RFC 7208, as far as it is about records and not about one message."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from typing_extensions import override

from bot.dns.checks import check_spf
from bot.dns.expected import PURELYMAIL
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Resolver, Unanswered
from bot.model import Grade

SUITE = Path(__file__).parent / "openspf" / "rfc7208-tests.yml"

PERMERROR = {
    "SPF_MULTIPLE",
    "SPF_SYNTAX",
    "SPF_INCLUDE_BROKEN",
    "SPF_LOOP",
    "SPF_TOO_MANY_LOOKUPS",
    "SPF_TOO_MANY_MX",
    "SPF_VOID_LOOKUPS",
}
"""As FAIL. What is said beside them is about the provider and about senders, which the suite has no opinion on."""

NO_MAIL_DOMAIN = "no domain that takes mail can have such a name"
LEFT_OPEN = "the suite takes a permerror as well as none"
NOT_APPLICABLE = {
    "toolonglabel": NO_MAIL_DOMAIN,
    "emptylabel": NO_MAIL_DOMAIN,
    "helo-not-fqdn": NO_MAIL_DOMAIN,
    "helo-domain-literal": NO_MAIL_DOMAIN,
    "domain-literal": NO_MAIL_DOMAIN,
    "invalid-domain-empty-label": LEFT_OPEN,
    "invalid-domain-long": LEFT_OPEN,
    "invalid-domain-long-via-macro": LEFT_OPEN,
    "multispf1": LEFT_OPEN,
    "include-at-limit": "it passes for this address, which is met before the eleventh look-up; for others it is a permerror",
}


class Zone(Resolver):
    """The records of one scenario. What is an SPF record there stands as TXT, where the name has no TXT of its own."""

    def __init__(self, zone: Mapping[str, list[Any]]) -> None:
        self._zone = {name.lower(): entries for name, entries in zone.items()}

    @override
    async def lookup(self, name: str, rdtype: str) -> Answer:
        entries = self._zone.get(name.lower())
        if entries is None:
            return NoDomain()
        pairs = [pair for entry in entries if isinstance(entry, dict) for pair in entry.items()]
        aliases = [value for kind, value in pairs if kind == "CNAME"]
        if aliases:
            return await self.lookup(aliases[0], rdtype)
        if rdtype == "TXT" and not any(kind == "TXT" for kind, _ in pairs):
            rdtype = "SPF"
        values = tuple(_text(kind, value) for kind, value in pairs if kind == rdtype and value != "NONE")
        if values:
            return Records(values)
        return Unanswered("no name server answered in time") if "TIMEOUT" in entries else NoData()


def _text(kind: str, value: Any) -> str:
    if kind == "MX":
        return f"{value[0]} {value[1] or '.'}"
    return "".join(value) if isinstance(value, list) else str(value)


@cache
def scenarios() -> list[dict[str, Any]]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [scenario for scenario in yaml.load_all(SUITE.read_text(encoding="utf-8"), loader) if scenario]


def cases() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    return {
        name: (case, scenario["zonedata"])
        for scenario in scenarios()
        for name, case in scenario["tests"].items()
    }


async def verdict(case: Mapping[str, Any], zone: Mapping[str, list[Any]]) -> str:
    """`permerror`, `none`, `temperror`, or `other` as our findings say."""
    domain = (case["mailfrom"] or case["helo"]).rpartition("@")[2]
    ask = Zone(zone)
    findings = await check_spf(domain, PURELYMAIL, await ask.lookup(domain, "TXT"), ask)
    tags = {finding.tag for finding in findings if finding.grade is Grade.FAIL}
    if tags & PERMERROR:
        return "permerror"
    if "SPF_MISSING" in tags:
        return "none"
    return "temperror" if any(f.tag == "SPF_UNANSWERED" for f in findings) else "other"


def wanted(case: Mapping[str, Any]) -> set[str]:
    results = case["result"] if isinstance(case["result"], list) else [case["result"]]
    return {result if result in {"permerror", "none", "temperror"} else "other" for result in results}


@pytest.mark.parametrize("name", sorted(cases().keys() - NOT_APPLICABLE.keys()))
async def test_our_verdict_is_that_of_the_suite(name: str) -> None:
    case, zone = cases()[name]
    assert await verdict(case, zone) in wanted(case), case.get("description")


def test_all_of_the_suite_is_there_and_only_ten_of_its_cases_are_left_out() -> None:
    assert (len(cases()), len(NOT_APPLICABLE)) == (203, 10)
    assert cases().keys() >= NOT_APPLICABLE.keys()
    left_open = {name for name, (case, _) in cases().items() if len(wanted(case)) > 1}
    assert left_open == {name for name, why in NOT_APPLICABLE.items() if why is LEFT_OPEN}


async def test_a_verdict_that_depends_on_the_address_is_that_of_the_one_who_is_met_last() -> None:
    assert await verdict(*cases()["include-at-limit"]) == "permerror"
