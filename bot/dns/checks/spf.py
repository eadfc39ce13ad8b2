"""SPF: which servers may send for the domain (RFC 7208)."""

import re
from collections.abc import Collection, Iterator, Sequence

from bot.dns.checks.findings import ok, split, unknown, worst_first
from bot.dns.checks.spf_box import allows_box, box_terms
from bot.dns.checks.spf_limits import Draft, of_text, of_tree, too_many, used
from bot.dns.checks.spf_terms import Terms, is_spf
from bot.dns.checks.spf_tree import LOOKUPS, VOIDS, SpfTree, expand
from bot.dns.expected import Expected
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Resolver, Unanswered
from bot.model import DnsRecord, Finding, Grade, Subject

_OPEN = {
    "+": "allows everybody to send (+all).",
    "?": "says nothing about other senders (?all).",
    None: "does not say what to do with other senders.",
}


async def check_spf(domain: str, expected: Expected, answer: Answer, ask: Resolver) -> list[Finding]:
    """`answer`: the TXT records of the domain. `ask` is asked for what its record leads to."""
    match answer:
        case Unanswered():
            return [unknown(Subject.SPF, f"The SPF record of {domain}", answer)]
        case NoDomain() | NoData():
            records: tuple[str, ...] = ()
        case Records(values=values):
            records = tuple(value for value in values if is_spf(value))
    drafts = list(_of_records(domain, records))
    others: list[Finding] = []
    if not drafts:
        tree = await expand(domain, records[0], ask)
        drafts = [
            *_of_provider(domain, expected, tree),
            *_of_others(domain, expected, tree),
            *of_tree(domain, expected, tree),
            *of_text(domain, expected, tree),
        ]
        others = _unseen(domain, expected, tree)
        if not others and all(draft.grade is Grade.INFO for draft in drafts):
            others = [ok(Subject.SPF, f"The SPF record allows {expected.title}; {used(tree)}.", *records)]
    return worst_first([*await _finished(domain, expected, records, drafts, ask), *others])


def _of_records(domain: str, records: Sequence[str]) -> Iterator[Draft]:
    """What makes receivers ignore all that is there, whoever sends."""
    if not records:
        yield Draft(
            "SPF_MISSING",
            Grade.FAIL,
            f"{domain} has no SPF record.",
            "Receivers can't tell your mail from forged mail, and may refuse it or call it spam.",
            mends=True,
        )
    elif len(records) > 1:
        # RFC 7208 section 4.5: more than one record is a permanent error.
        yield Draft(
            "SPF_MULTIPLE",
            Grade.FAIL,
            f"{domain} has {len(records)} SPF records; only one is allowed.",
            "Receivers take that as an error and ignore them all. Replace them by this one.",
            mends=True,
        )
    elif mistakes := Terms(records[0]).mistakes:
        # RFC 7208 section 4.6: a syntax error anywhere is a permanent error.
        yield Draft(
            "SPF_SYNTAX",
            Grade.FAIL,
            f"The SPF record of {domain} has a mistake: {', '.join(mistakes)}.",
            "Receivers take that as an error and ignore the whole record. Replace it by this one, in which the mistake is left out.",
            mends=True,
        )


def _of_provider(domain: str, expected: Expected, tree: SpfTree) -> Iterator[Draft]:
    # Where something was not seen, the provider may stand in it.
    if _allows(tree, expected) or any(path[-1].hidden for path in tree.allowed()):
        return
    if expected.spf_record:
        yield from _of_box(domain, expected, tree)
        return
    late = any(Terms.is_include(text, expected.spf_include) for text in tree.terms.unreached)
    yield Draft(
        "SPF_NO_PROVIDER",
        Grade.FAIL,
        f"The SPF record of {domain} names {expected.title} only after all, where nothing counts."
        if late
        else f"The SPF record of {domain} does not name {expected.title}.",
        "Mail that your users send may be refused or called spam. Replace it by this one.",
        mends=True,
    )


def _of_box(domain: str, expected: Expected, tree: SpfTree) -> Iterator[Draft]:
    if any(path[-1].unanswered for path in tree.paths()):
        return
    yield Draft(
        "SPF_NO_PROVIDER",
        Grade.FAIL,
        f"The SPF record of {domain} does not let the box ({expected.mx_host}) send.",
        "Mail that your users send may be refused or called spam. Replace it by this one.",
        mends=True,
    )


def _of_others(domain: str, expected: Expected, tree: SpfTree) -> Iterator[Draft]:
    if tree.everybody in _OPEN:
        yield Draft(
            "SPF_ALL_OPEN",
            Grade.FAIL if tree.everybody == "+" else Grade.WARN,
            f"The SPF record of {domain} {_OPEN[tree.everybody]}",
            "Receivers do not doubt forged mail in your name. Replace it by this one.",
            mends=True,
        )
    elif opened := [path for path in tree.opened() if path[-1].name != expected.spf_include]:
        names = ", ".join(dict.fromkeys(f"{path[-1].name} ends in +all" for path in opened))
        direct = all(len(path) == 1 for path in opened)
        yield Draft(
            "SPF_ALL_OPEN",
            Grade.FAIL,
            f"The SPF record of {domain} allows everybody to send, because of what it includes: {names}.",
            "Receivers do not doubt forged mail in your name. "
            + (
                "Replace it by this one, without that."
                if direct
                else "Take out the include that leads there."
            ),
            mends=direct,
        )


def _allows(tree: SpfTree, expected: Expected) -> bool:
    if expected.spf_record:
        return allows_box(tree, expected)
    return any(path[-1].name == expected.spf_include for path in tree.allowed())


def _unseen(domain: str, expected: Expected, tree: SpfTree) -> list[Finding]:
    """What could not be looked at: neither good nor bad."""
    silent = [path[-1] for path in tree.paths() if path[-1].unanswered]
    if silent and silent[0].unanswered:
        names = ", ".join(dict.fromkeys(branch.name for branch in silent if branch.name))
        return [unknown(Subject.SPF, f"A part of the SPF record of {domain} ({names})", silent[0].unanswered)]
    hidden = [path[-1].term.text for path in tree.allowed() if path[-1].hidden and path[-1].name is None]
    if hidden and not _allows(tree, expected):
        return [
            Finding(
                Subject.SPF,
                "SPF_MACROS",
                Grade.UNKNOWN,
                f"Whether the SPF record of {domain} allows {expected.title} can't be seen: {', '.join(hidden)} depends on each message.",
                "See in the service that stands behind it whether it does.",
                (tree.record,),
            )
        ]
    return []


async def _finished(
    domain: str, expected: Expected, records: Sequence[str], drafts: Sequence[Draft], ask: Resolver
) -> list[Finding]:
    """The findings, with the one record that mends what a record can mend."""
    wanted, tree = (
        await _mended(domain, expected, records, ask)
        if any(draft.mends for draft in drafts)
        else (None, None)
    )
    findings = []
    for draft in drafts:
        # What costs too much is mended only if what is left costs less.
        costly = tree is not None and draft.tag == "SPF_TOO_MANY_LOOKUPS" and tree.lookups > LOOKUPS
        publish = (wanted,) if wanted and draft.mends and not costly else ()
        why = draft.why + (too_many(tree) + split(publish[0]) if tree and publish else "")
        findings.append(
            Finding(Subject.SPF, draft.tag, draft.grade, draft.summary, why, tuple(records), publish)
        )
    return findings


async def _mended(
    domain: str, expected: Expected, records: Sequence[str], ask: Resolver
) -> tuple[DnsRecord, SpfTree]:
    """The record to publish and what it leads to: without what would break it."""
    wanted = _merged(domain, records, expected)
    tree = await expand(domain, wanted.value, ask)
    bad = {
        branch.term.text for branch in tree.branches if branch.fault and branch.name != expected.spf_include
    }
    bad |= {
        path[0].term.text for path in tree.opened() if len(path) == 1 and path[0].name != expected.spf_include
    }
    if sum(path[-1].void for path in tree.paths()) > VOIDS:
        bad |= {branch.term.text for branch in tree.branches if branch.void}
    # Section 6.1: a redirect also says what is to happen to all others.
    closed = tree.everybody not in _OPEN
    if bad or not closed:
        wanted = _merged(domain, records, expected, bad, redirecting=closed)
        tree = await expand(domain, wanted.value, ask)
    return wanted, tree


def _merged(
    domain: str,
    records: Sequence[str],
    expected: Expected,
    bad: Collection[str] = (),
    *,
    redirecting: bool = True,
) -> DnsRecord:
    """One record that allows the provider and whom the others allow, and ends as strictly as they agree on.

    `bad`: terms to leave out. `redirecting`: whether a redirect may stay one, and is not made an include.
    """
    if not records and expected.spf_record:
        return DnsRecord(domain, "TXT", expected.spf_record)
    first = [f"include:{expected.spf_include}"] if expected.spf_include else box_terms(expected)
    parsed = [Terms(record) for record in records]
    kept = [term for terms in parsed for term in terms.kept if term not in bad]
    kept = [
        term
        for term in kept
        if not Terms.is_include(term.lstrip("?~-"), expected.spf_include)
        and term.lower().lstrip("+") not in first
    ]
    # RFC 7208 section 6.1: a redirect counts only where there is no `all`.
    redirects = [terms.redirect for terms in parsed if terms.redirect and terms.everybody is None]
    redirects = [target for target in redirects if not {f"redirect={target}", f"include:{target}"} & set(bad)]
    ending = "-all" if {terms.everybody for terms in parsed} == {"-"} else "~all"
    if redirecting and len(records) == 1 and redirects and redirects[0].lower() != expected.spf_include:
        ending = f"redirect={redirects[0]}"
    else:
        kept += [f"include:{target}" for target in redirects if target.lower() != expected.spf_include]
    # RFC 7208 section 6.2: exp= may stand once.
    explained = [term for term in kept if re.match("exp=", term, re.IGNORECASE)]
    kept = [term for term in dict.fromkeys(kept) if term not in explained[1:] or term == explained[0]]
    return DnsRecord(domain, "TXT", " ".join(["v=spf1", *first, *kept, ending]))
