"""What a look changes in what is shown: nothing bad that was seen once, and nothing lost that was not looked at."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from bot.dns.cadence import CAP
from bot.dns.judgement import Judged, take_in
from bot.dns.kept import Kept
from bot.dns.look import Look
from bot.model import DomainHealth, Finding, Grade, MailDomain, Subject

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
TTL = timedelta(minutes=5)
SUBJECTS = (Subject.MX, Subject.SPF, Subject.DKIM, Subject.DMARC)
MISSING = Finding(Subject.MX, "MX_MISSING", Grade.FAIL, "acme.example has no MX record.")
GONE = Finding(Subject.DOMAIN, "DOMAIN_GONE", Grade.FAIL, "acme.example does not exist.")
UNSIGNED = Finding(Subject.DNSSEC, "DNSSEC_UNSIGNED", Grade.INFO, "Not signed.")


def fine(*subjects: Subject) -> list[Finding]:
    return [Finding(subject, f"{subject.name}_OK", Grade.OK, "") for subject in subjects]


def silent(subject: Subject) -> Finding:
    return Finding(subject, f"{subject.name}_UNANSWERED", Grade.UNKNOWN, "not answered")


class Watched:
    """A domain, look after look."""

    def __init__(self) -> None:
        self.kept = Kept()
        self.health: DomainHealth | None = None

    def see(
        self, findings: Sequence[Finding], *, after: timedelta, by: str = "one", wholly: bool = False
    ) -> Judged:
        look = Look(
            MailDomain("main", "acme.example"),
            NOW + after,
            by,
            wholly,
            tuple(findings),
            dict.fromkeys(SUBJECTS, TTL),
            TTL,
        )
        random = Random(1)  # noqa: S311 - the same jitter in each run
        judged = take_in(self.kept, self.health, look, random, ceiling=CAP)
        # As it comes out of the database.
        row = judged.kept.to_row()
        assert Kept.from_row(row) == judged.kept
        self.kept, self.health = Kept.from_row(row), judged.health
        return judged

    @property
    def shown(self) -> set[str]:
        assert self.health is not None
        return {finding.tag for finding in self.health.findings}


@pytest.fixture
def watched() -> Watched:
    one = Watched()
    _ = one.see(fine(*SUBJECTS), after=timedelta(0))
    return one


WITHOUT_MX = [MISSING, *fine(*SUBJECTS[1:])]


def test_what_was_seen_once_is_not_called_bad(watched: Watched) -> None:
    judged = watched.see(WITHOUT_MX, after=timedelta(hours=1))
    (found,) = [f for f in judged.health.findings if f.tag == "MX_MISSING"]
    assert (found.grade, found.confirmed, found.shown) == (Grade.FAIL, False, Grade.UNKNOWN)
    assert judged.health.grade is Grade.UNKNOWN
    assert judged.told == ()
    assert judged.needs_second_opinion
    assert judged.next_look_at <= NOW + timedelta(hours=1, minutes=10)


def test_second_look_confirms_it_with_the_time_of_the_first(watched: Watched) -> None:
    _ = watched.see(WITHOUT_MX, after=timedelta(hours=1))
    judged = watched.see(WITHOUT_MX, after=timedelta(hours=1, minutes=6))
    (found,) = [f for f in judged.health.findings if f.tag == "MX_MISSING"]
    assert (found.confirmed, found.since) == (True, NOW + timedelta(hours=1))
    assert judged.health.grade is Grade.FAIL
    (told,) = judged.told
    assert (told.key.tag, told.finding, judged.was_good, judged.is_good) == ("MX_MISSING", found, True, False)


def test_same_answer_of_the_same_resolver_too_soon_confirms_nothing(watched: Watched) -> None:
    _ = watched.see(WITHOUT_MX, after=timedelta(hours=1))
    assert watched.see(WITHOUT_MX, after=timedelta(hours=1, minutes=2)).told == ()


def test_another_resolver_confirms_it_at_once(watched: Watched) -> None:
    _ = watched.see(WITHOUT_MX, after=timedelta(hours=1))
    assert watched.see(WITHOUT_MX, after=timedelta(hours=1), by="two").told


def test_what_another_resolver_denies_is_forgotten(watched: Watched) -> None:
    _ = watched.see(WITHOUT_MX, after=timedelta(hours=1))
    judged = watched.see(fine(*SUBJECTS), after=timedelta(hours=1), by="two")
    assert judged.health.grade is Grade.OK
    assert not judged.needs_second_opinion
    assert watched.see(WITHOUT_MX, after=timedelta(hours=2)).told == ()


def test_silence_takes_back_nothing_that_is_known_to_be_bad(watched: Watched) -> None:
    _ = watched.see(WITHOUT_MX, after=timedelta(hours=1))
    _ = watched.see(WITHOUT_MX, after=timedelta(hours=2))
    judged = watched.see([silent(Subject.MX), *fine(*SUBJECTS[1:])], after=timedelta(hours=3))
    assert {"MX_MISSING", "MX_UNANSWERED"} <= watched.shown
    assert judged.health.grade is Grade.FAIL
    assert judged.told == ()


def test_silence_about_what_was_good_shows_only_when_it_lasts(watched: Watched) -> None:
    for hours in range(1, 9):
        judged = watched.see([silent(Subject.MX), *fine(*SUBJECTS[1:])], after=timedelta(hours=hours))
        expected = Grade.OK if hours < 7 else Grade.UNKNOWN
        assert judged.health.grade is expected, hours
        assert judged.told == ()


def test_silence_about_what_nobody_has_seen_shows_at_once() -> None:
    judged = Watched().see([silent(Subject.MX), *fine(*SUBJECTS[1:])], after=timedelta(0))
    assert judged.health.grade is Grade.UNKNOWN


def test_what_a_short_look_does_not_ask_about_stays_shown(watched: Watched) -> None:
    _ = watched.see([*fine(*SUBJECTS), UNSIGNED], after=timedelta(hours=1), wholly=True)
    judged = watched.see(fine(*SUBJECTS), after=timedelta(hours=2))
    assert UNSIGNED in judged.health.findings
    assert judged.kept.wholly_at == NOW + timedelta(hours=1)
    subjects = [finding.subject for finding in judged.health.findings]
    assert subjects == sorted(subjects, key=list(Subject).index)


def test_domain_that_seems_gone_keeps_what_was_shown_until_that_is_sure(watched: Watched) -> None:
    judged = watched.see([GONE], after=timedelta(hours=1))
    assert judged.health.grade is Grade.UNKNOWN
    assert {"MX_OK", "SPF_OK"} <= watched.shown
    judged = watched.see([GONE], after=timedelta(hours=3))
    assert judged.health.grade is Grade.FAIL
    assert watched.shown == {"DOMAIN_GONE"}
    judged = watched.see(fine(*SUBJECTS), after=timedelta(hours=4))
    assert judged.health.grade is Grade.OK
    assert "DOMAIN_GONE" not in watched.shown


def test_good_again_is_believed_at_once_and_told(watched: Watched) -> None:
    _ = watched.see(WITHOUT_MX, after=timedelta(hours=1))
    _ = watched.see(WITHOUT_MX, after=timedelta(hours=2))
    judged = watched.see(fine(*SUBJECTS), after=timedelta(hours=3))
    (told,) = judged.told
    assert (told.finding, judged.is_good) == (None, True)


def test_domain_that_was_never_good_is_known_to_be_new() -> None:
    new = Watched()
    _ = new.see(WITHOUT_MX, after=timedelta(0))
    judged = new.see(WITHOUT_MX, after=timedelta(minutes=10))
    assert judged.told
    assert not judged.was_good
