"""DNSSEC: whether the domain's answers are signed, and the signatures good (RFC 4033 to 4035)."""

from collections.abc import Mapping

from bot.dns.checks.findings import ok, unknown
from bot.dns.lookup import Answer, Records, Resolver, Unanswered, UncheckedResolver
from bot.dns.zone import find_zone
from bot.model import Finding, Grade, Subject

# The errors of RFC 8914 that say that signatures were checked and found bad: DNSSEC Bogus, Signature Expired, Signature
# Not Yet Valid, DNSKEY Missing, RRSIGs Missing, No Zone Key Bit Set, NSEC Missing.
_BAD = frozenset(range(6, 13))

Question = tuple[str, str]


async def check_dnssec(
    domain: str, answers: Mapping[Question, Answer], ask: Resolver, fresh: UncheckedResolver
) -> list[Finding]:
    """`answers`: what was asked about the domain's own names already, by name and type.

    `fresh` is asked again, past all that `ask` remembers, where the resolver has failed.
    """
    if not isinstance(await ask.lookup(domain, "NS"), Records):
        answers = {**answers, (domain, "SOA"): await ask.lookup(domain, "SOA")}
    for question, answer in answers.items():
        if isinstance(answer, Unanswered) and answer.rcode == "SERVFAIL":
            return [await _judge_failure(domain, question, answer, ask, fresh)]
    zone = await find_zone(domain, ask.lookup)
    if isinstance(zone, Unanswered):
        return [unknown(Subject.DNSSEC, f"Whether {domain} is signed", zone)]
    if zone is not None and zone.validated:
        return [ok(Subject.DNSSEC, f"The zone {zone.name} is signed, and its signatures are good.")]
    name = domain if zone is None else zone.name
    keys = await ask.lookup(name, "DS")
    if isinstance(keys, Unanswered):
        return [unknown(Subject.DNSSEC, f"Whether {name} is signed", keys)]
    if isinstance(keys, Records):
        return [
            Finding(
                Subject.DNSSEC,
                "DNSSEC_UNCHECKED",
                Grade.INFO,
                f"The zone {name} is signed (DNSSEC); whether its signatures are good was not checked.",
                "The DNS resolver in use does not check signatures. With one that does, they are checked, too.",
                keys.values,
            )
        ]
    return [
        Finding(
            Subject.DNSSEC,
            "DNSSEC_UNSIGNED",
            Grade.INFO,
            f"The zone {name} is not signed (DNSSEC).",
            "Mail does not need it. Signed, its records can't be forged on the way.",
        )
    ]


async def _judge_failure(
    domain: str, question: Question, failed: Unanswered, ask: Resolver, fresh: UncheckedResolver
) -> Finding:
    """Bad signatures, or any other trouble.

    They are bad if the resolver says so, or the zone should be signed; and if it gives an answer when it need not check
    them, but still none when it has to (RFC 4035 section 3.2.2, RFC 6840 section 5.9).
    """
    unsure = unknown(Subject.DNSSEC, f"Whether the signatures of {domain} are good", failed)
    if isinstance(await fresh.lookup_unchecked(*question), Unanswered):
        return unsure
    # A server that has come back in between answers this one.
    again = await fresh.lookup(*question)
    if not isinstance(again, Unanswered) or again.rcode != "SERVFAIL":
        return unsure
    zone = await find_zone(domain, fresh.lookup_unchecked)
    name = domain if zone is None or isinstance(zone, Unanswered) else zone.name
    # It is the zone above that publishes what this one has to be signed with (RFC 4035 section 2.4).
    keys = await ask.lookup(name, "DS")
    if not _BAD.intersection(failed.errors + again.errors) and not isinstance(keys, Records):
        return unsure
    return Finding(
        Subject.DNSSEC,
        "DNSSEC_BOGUS",
        Grade.FAIL,
        f"The DNSSEC signatures of {name} are not good: {(again if again.errors else failed).why}.",
        "For resolvers that check signatures the domain does not answer, and mail to and from it fails there. Have the zone"
        " signed afresh where it is served; if it is not signed there, take the DS record away at the registrar.",
        tuple(f"{name} DS {value}" for value in keys.values) if isinstance(keys, Records) else (),
    )
