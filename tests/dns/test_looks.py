"""From the findings of one look to what is believed of a domain."""

from datetime import UTC, datetime, timedelta

from bot.dns.confirmation import SECOND_LOOK, WAIT_AT_MOST, Key, Observed, State, Turn, judge, observe
from bot.model import Finding, Grade, Subject

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MISSING = Key(Subject.MX, "MX_MISSING")
WRONG = Key(Subject.MX, "MX_WRONG")
GONE = Key(Subject.DOMAIN, "DOMAIN_GONE")


def finding(subject: Subject, tag: str, grade: Grade) -> Finding:
    return Finding(subject, tag, grade, "")


GOOD = finding(Subject.MX, "MX_OK", Grade.OK)
BAD = finding(*MISSING, Grade.FAIL)
SILENT = finding(Subject.MX, "MX_UNANSWERED", Grade.UNKNOWN)


def test_a_known_key_that_is_named_no_more_is_good() -> None:
    assert observe([GOOD], [MISSING]) == {MISSING: Observed(Grade.OK, ttl=WAIT_AT_MOST)}


def test_nothing_is_said_about_a_subject_that_was_not_looked_at() -> None:
    assert observe([finding(Subject.SPF, "SPF_OK", Grade.OK)], [MISSING]) == {}


def test_nothing_is_good_in_a_subject_of_which_a_part_was_not_answered() -> None:
    seen = observe([SILENT, finding(*WRONG, Grade.FAIL)], [MISSING])
    assert seen[MISSING].grade is Grade.UNKNOWN
    assert seen[Key(Subject.MX, "MX_UNANSWERED")].grade is Grade.UNKNOWN
    assert (seen[WRONG].grade, seen[WRONG].partial) == (Grade.FAIL, True)


def test_the_worst_of_several_findings_with_one_key_counts() -> None:
    key = Key(Subject.DKIM, "DKIM_MISSING")
    several = [finding(*key, grade) for grade in (Grade.WARN, Grade.FAIL, Grade.WARN)]
    assert observe(several, [])[key].grade is Grade.FAIL


def test_how_long_to_wait_follows_from_the_subject_s_own_answers() -> None:
    ttls = {Subject.MX: timedelta(minutes=20)}
    seen = observe([BAD, finding(Subject.SPF, "SPF_MISSING", Grade.FAIL)], [], by="a", ttls=ttls)
    assert {look.ttl for look in seen.values()} == {timedelta(minutes=20), WAIT_AT_MOST}
    assert {look.by for look in seen.values()} == {"a"}


def test_a_domain_is_there_again_as_soon_as_one_of_its_records_is_judged() -> None:
    assert observe([BAD], [GONE])[GONE].grade is Grade.OK
    assert GONE not in observe([SILENT], [GONE])
    assert GONE not in observe([finding(Subject.DKIM, "DKIM_OK", Grade.OK)], [GONE])


def test_a_healthy_domain_leaves_nothing_to_remember() -> None:
    assert judge({}, [GOOD], NOW) == ({}, {})


def test_a_break_is_told_with_its_key_and_a_suspicion_that_came_to_nothing_is_forgotten() -> None:
    states, changes = judge({}, [BAD], NOW)
    assert not changes
    assert judge(states, [GOOD], NOW + HOUR) == ({}, {})
    states, changes = judge(states, [BAD], NOW + HOUR)
    assert [(key, change.turn) for key, change in changes.items()] == [(MISSING, Turn.BAD)]
    assert states[MISSING].grade is Grade.FAIL


def test_what_was_bad_lately_is_remembered_for_a_week() -> None:
    states, _ = judge({}, [BAD], NOW)
    states, _ = judge(states, [BAD], NOW + HOUR)
    states, changes = judge(states, [GOOD], NOW + 2 * HOUR)
    assert changes[MISSING].turn is Turn.BETTER
    assert states[MISSING].grade is Grade.OK
    assert judge(states, [GOOD], NOW + timedelta(days=8)) == ({}, {})


def test_an_outage_of_the_resolver_touches_no_finding() -> None:
    states, _ = judge({}, [BAD], NOW)
    states, _ = judge(states, [BAD], NOW + HOUR)
    later, changes = judge(states, [SILENT], NOW + 2 * HOUR)
    assert not changes
    assert later[MISSING].grade is Grade.FAIL
    assert later[Key(Subject.MX, "MX_UNANSWERED")].unknown_since == NOW + 2 * HOUR
    healthy, changes = judge(later, [GOOD], NOW + 3 * HOUR)
    assert changes[MISSING].turn is Turn.BETTER
    assert Key(Subject.MX, "MX_UNANSWERED") not in healthy


def test_in_a_domain_that_is_gone_nothing_is_suspected_any_more_but_facts_stay() -> None:
    states = {
        MISSING: State(NOW, Grade.FAIL, NOW),
        **judge({}, [finding(*WRONG, Grade.FAIL)], NOW)[0],
    }
    after, _ = judge(states, [finding(*GONE, Grade.FAIL)], NOW + HOUR)
    assert after[WRONG].suspicion is None
    assert after[MISSING].grade is Grade.FAIL
    suspicion = after[GONE].suspicion
    assert suspicion is not None
    assert suspicion.until >= NOW + HOUR + SECOND_LOOK
