"""Every zone of the corpus (tests/dns/corpus) is judged as its RFC says, and what is to be published mends it."""

import ast
import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

import bot.dns.checks
import bot.dns.look
from bot.dns.checks.findings import unknown
from bot.dns.lookup import Unanswered
from bot.model import Grade, Subject
from tests.support.dns_corpus import OF_A_BOX, Case, cases
from tests.support.dns_served import Served, serving

BAD = {Grade.WARN, Grade.FAIL}
NEVER = {
    "DOMAIN_OK": "a domain that is there is not remarked on",
    "BOX_UNTOLD": "the mail system of the corpus is no box (test_box_domains.py)",
    "DKIM_UNTOLD": "the same",
}
"""Tags that no zone of the corpus can produce, with the reason."""

served_once = pytest.mark.asyncio(loop_scope="module")
everything = pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases()])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    async with serving(cases(), tmp_path_factory.mktemp("tls")) as served:
        yield served


@everything
@served_once
async def test_zone_is_judged_as_its_rfc_says(served: Served, case: Case) -> None:
    findings = (await served.first_look(case)).findings
    assert case.relevant(findings) == case.expected, case.why
    if case.publish is not None:
        wanted = {record for finding in findings if finding.grade in BAD for record in finding.publish}
        assert wanted == case.publish


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.name) for case in cases() if set(case.said.values()) & BAD]
)
@served_once
async def test_what_is_to_be_published_mends_what_it_is_for_and_breaks_nothing(
    served: Served, case: Case
) -> None:
    before = [finding for finding in (await served.first_look(case)).findings if finding.grade in BAD]
    mended = {finding.tag for finding in before if finding.publish}
    with served.published(record for finding in before for record in finding.publish):
        after = {finding.tag for finding in (await served.look(case)).findings if finding.grade in BAD}
    assert after & (mended | case.still) == case.still
    assert after - case.still <= {finding.tag for finding in before}


def test_every_tag_of_the_checks_is_in_the_corpus() -> None:
    tried = {tag for case in cases() for tag, _ in case.expected}
    assert _tags() - tried == NEVER.keys()
    assert tried <= _tags()


def _tags() -> set[str]:
    """All tags that the checks can produce: their sources hold them as they are, but for those of findings.py."""
    sources = [*Path(bot.dns.checks.__file__).parent.glob("*.py"), Path(bot.dns.look.__file__)]
    subjects = set(Subject) - OF_A_BOX
    tags = {f"{subject.name}_OK" for subject in subjects}
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and re.fullmatch(r"[A-Z]+(?:_[A-Z]+)+", text):
                tags.add(text)
    silent = {unknown(subject, "", Unanswered("")).tag for subject in subjects - {Subject.DOMAIN}}
    of_a_box = tuple(f"{subject.name}_" for subject in OF_A_BOX)
    return {tag for tag in tags | silent if not tag.startswith(of_a_box)}


def test_the_corpus_has_each_zone_once_and_no_small_number_of_them() -> None:
    assert len(cases()) >= 120
    for key in ("name", "domain"):
        assert [
            found for found, times in Counter(getattr(case, key) for case in cases()).items() if times > 1
        ] == []
    assert [case.name for case in cases() if not re.search(r"RFC \d|https://", case.why)] == []
