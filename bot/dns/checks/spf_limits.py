"""What receivers run into when they follow an SPF record: limits, broken includes, and what was not seen."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.dns.checks.spf_tree import LOOKUPS, MX_NAMES, VOIDS, Branch, Fault, SpfTree
from bot.dns.expected import Expected
from bot.model import Grade

LENGTH = 450
"""Bytes of a record that fit into any answer (RFC 7208 section 3.4)."""

# A receiver goes from left to right and stops at the first match, so that mail that is matched early does not suffer.
_STOPS = "Receivers that get so far take that as an error: who is named later and what is said of all others is lost."


@dataclass(frozen=True, slots=True)
class Draft:
    """A finding about an SPF record. `mends`: whether the record to publish instead mends it."""

    tag: str
    grade: Grade
    summary: str
    why: str
    mends: bool = False


def of_tree(domain: str, expected: Expected, tree: SpfTree) -> Iterator[Draft]:
    """What is to say of what the record leads to, and what it costs. `tree`: without mistakes in the record itself."""
    own = [path for path in tree.paths() if not _is_behind(path, expected)]
    yield from _provider(expected, tree)
    for tag, loops in (("SPF_LOOP", True), ("SPF_INCLUDE_BROKEN", False)):
        faults = [path for path in own if path[-1].fault and (path[-1].fault is Fault.LOOP) is loops]
        if faults:
            yield _broken(domain, tag, faults)
    yield from _limits(domain, tree)
    if any(path[-1].term.name == "ptr" for path in own):
        # RFC 7208 section 5.5: SHOULD NOT be published.
        yield Draft(
            "SPF_PTR",
            Grade.INFO,
            f"The SPF record of {domain} uses ptr{_within(own)}.",
            "It is slow and unreliable, and some receivers skip it. Name the hosts with a: or ip4: instead.",
        )


def of_text(domain: str, expected: Expected, tree: SpfTree) -> Iterator[Draft]:
    """What is to say of how the record is written."""
    length = len(tree.record.encode())
    if length > LENGTH:
        yield Draft(
            "SPF_TOO_LONG",
            Grade.WARN,
            f"The SPF record of {domain} is {length} bytes long; up to {LENGTH} are safe.",
            "A longer one may not fit into one DNS packet, and some receivers then don't get it. Take out what is no longer used.",
        )
    unreached = [
        text for text in tree.terms.unreached if not tree.terms.is_include(text, expected.spf_include)
    ]
    if unreached:
        # RFC 7208 sections 5.1 and 6.1.
        never = "never counts" if len(unreached) == 1 else "never count"
        yield Draft(
            "SPF_UNREACHABLE",
            Grade.WARN,
            f"In the SPF record of {domain}, {_list(unreached)} {never}, because of all.",
            "Receivers stop at all, and take no redirect beside it. Replace it by this one.",
            mends=True,
        )


def too_many(tree: SpfTree) -> str:
    """What to add about a record that is to be published and costs too much; "" if it doesn't."""
    if tree.lookups <= LOOKUPS:
        return ""
    return f" It needs {_count(tree)} look-ups, of which receivers make {LOOKUPS}: first take out what is no longer used ({costs(tree)})."


def used(tree: SpfTree) -> str:
    return f"{_count(tree)} of {LOOKUPS} look-ups"


def costs(tree: SpfTree) -> str:
    """Which terms of the record cost how many look-ups, the dearest first."""
    ordered = sorted(tree.branches, key=lambda branch: -branch.lookups)
    named = [f"{b.term.text} {'at least ' if _is_open(b) else ''}{b.lookups}" for b in ordered]
    return ", ".join(named[:8]) + (f" and {len(named) - 8} more" if len(named) > 8 else "")


def _limits(domain: str, tree: SpfTree) -> Iterator[Draft]:
    # RFC 7208 section 4.6.4.
    paths = list(tree.paths())
    left = LOOKUPS - tree.lookups
    if left < 0:
        yield Draft(
            "SPF_TOO_MANY_LOOKUPS",
            Grade.FAIL,
            f"The SPF record of {domain} needs {_count(tree)} look-ups; {LOOKUPS} are allowed.",
            f"{_STOPS} What costs how many: {costs(tree)}. Take out what is no longer used, or put ip4: and ip6: in place of a and mx.",
            mends=True,
        )
    elif left <= 1:
        rest = "none is left" if left == 0 else "at most 1 is left" if tree.is_lower_bound else "1 is left"
        yield Draft(
            "SPF_TOO_MANY_LOOKUPS",
            Grade.WARN,
            f"The SPF record of {domain} needs {_count(tree)} of {LOOKUPS} allowed look-ups; {rest}.",
            f"With one more than that, be it in a record that it includes, receivers take it as an error. What costs how many: {costs(tree)}.",
        )
    voids = [path for path in paths if path[-1].void]
    if len(voids) > VOIDS:
        yield Draft(
            "SPF_VOID_LOOKUPS",
            Grade.FAIL,
            f"{len(voids)} terms of the SPF record of {domain} find nothing in DNS; {VOIDS} may: {_list(map(_named, voids))}.",
            f"{_STOPS} Take them out.",
            mends=True,
        )
    crowded = [path for path in paths if path[-1].hosts > MX_NAMES]
    if crowded:
        yield Draft(
            "SPF_TOO_MANY_MX",
            Grade.FAIL,
            f"In the SPF record of {domain}, {_list(map(_named, crowded))} leads to more than {MX_NAMES} mail hosts.",
            f"{_STOPS} Name the servers that send with ip4: and ip6: instead.",
        )


def _provider(expected: Expected, tree: SpfTree) -> Iterator[Draft]:
    """The provider's record is the same for all its domains: what is wrong in it is the provider's to mend."""
    told: list[str] = []
    for path in tree.paths():
        branch = path[-1]
        if not _is_behind(path, expected):
            continue
        if branch.fault:
            told.append(f"{branch.name} {_said(branch)}")
        elif branch.name == expected.spf_include and branch.lookups > LOOKUPS:
            told.append(f"{branch.name} alone needs {branch.lookups} look-ups, of {LOOKUPS} allowed ones")
        elif branch.inner and branch.inner.everybody == "+":
            told.append(f"{branch.name} allows everybody to send")
    if told:
        yield Draft(
            "SPF_PROVIDER_BROKEN",
            Grade.FAIL,
            f"The SPF record of {expected.title} itself is broken: {_list(dict.fromkeys(told))}.",
            f"Receivers can't tell your mail from forged mail. {expected.title} has to mend this; there is nothing for you to publish.",
        )


def _broken(domain: str, tag: str, faults: list[tuple[Branch, ...]]) -> Draft:
    direct = all(len(path) == 1 for path in faults)
    said = dict.fromkeys(f"{_lead(path)} {_said(path[-1])}" for path in faults)
    return Draft(
        tag,
        Grade.FAIL,
        f"The SPF record of {domain} can't be followed to its end: {'; '.join(said)}.",
        f"{_STOPS} "
        + (
            "Replace it by this one, without them."
            if direct
            else "Have who runs what you include mend it, or take out your include that leads there."
        ),
        mends=direct,
    )


def _lead(path: tuple[Branch, ...]) -> str:
    if path[-1].fault is Fault.LOOP:
        return path[0].term.text
    verb = "names" if len(path) == 1 else "leads to"
    return f"{path[0].term.text} {verb} {path[-1].name}, which"


def _said(branch: Branch) -> str:
    match branch.fault:
        case Fault.SEVERAL:
            return "has more than one SPF record"
        case Fault.SYNTAX:
            return f"has a mistake in its SPF record ({', '.join(branch.mistakes)})"
        case Fault.LOOP:
            return f"leads back to {branch.name}"
        case _:
            return "has no SPF record"


def _is_behind(path: tuple[Branch, ...], expected: Expected) -> bool:
    return any(branch.leads_on and branch.name == expected.spf_include for branch in path)


def _is_open(branch: Branch) -> bool:
    return branch.hidden or (branch.inner is not None and branch.inner.is_lower_bound)


def _count(tree: SpfTree) -> str:
    return f"{'at least ' if tree.is_lower_bound else ''}{tree.lookups}"


def _named(path: tuple[Branch, ...]) -> str:
    """The term, with the name it stands for where it doesn't say it, and the include it is in."""
    term = path[-1].term.text
    return f"{term} (in {path[-2].name})" if len(path) > 1 else term


def _within(paths: list[tuple[Branch, ...]]) -> str:
    names = [path[-2].name if len(path) > 1 else None for path in paths if path[-1].term.name == "ptr"]
    return "" if None in names else f" (in {names[0]})"


def _list(texts: Iterable[str]) -> str:
    return ", ".join(texts)
