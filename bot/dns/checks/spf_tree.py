"""What an SPF record leads to: its includes and redirects, theirs, and what they all cost a receiver (RFC 7208)."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum, auto

from bot.dns.checks.spf_terms import Term, Terms, expanded, is_spf
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Resolver, Unanswered, a_labels

LOOKUPS = 10
"""Terms that make a receiver ask DNS, in the record and all it leads to; one more is a permerror (section 4.6.4)."""
VOIDS = 2
"""Such terms that may find nothing (same section; SHOULD, with this as the default)."""
MX_NAMES = 10
"""Hosts that one `mx` may lead to (same section)."""

ENOUGH = 5 * LOOKUPS
"""Terms met, after which nothing more is asked: the verdict is clear, and a tree may be made to be endless."""

_COSTING = frozenset({"include", "a", "mx", "ptr", "exists"})


class Fault(StrEnum):
    """Why an include or redirect is a permerror (sections 4.5, 4.6, 5.2 and 6.1)."""

    MISSING = auto()
    SEVERAL = auto()
    SYNTAX = auto()
    LOOP = auto()


@dataclass(frozen=True, slots=True)
class Branch:
    """A term that costs a look-up. `name`: what is asked for, None if it takes a message to know.

    `void`: nothing is there. `hosts`: how many names an `mx` leads to; `values`: what was found for an
    `mx` or `a`. `inner`: the record that an include or redirect
    leads to, where there is a good one. `cut`: it was not followed, because enough was seen.
    """

    term: Term
    name: str | None
    fault: Fault | None = None
    mistakes: tuple[str, ...] = ()
    void: bool = False
    hosts: int = 0
    values: tuple[str, ...] = ()
    unanswered: Unanswered | None = None
    inner: "SpfTree | None" = None
    cut: bool = False

    @property
    def lookups(self) -> int:
        return 1 + (self.inner.lookups if self.inner else 0)

    @property
    def leads_on(self) -> bool:
        return self.term.name in {"include", "redirect"}

    @property
    def hidden(self) -> bool:
        """Whether what it leads to, and costs, was not seen."""
        return self.leads_on and self.fault is None and self.inner is None


@dataclass(frozen=True, slots=True)
class SpfTree:
    """A record and what it leads to, as far as it counts: nothing behind `all`."""

    domain: str
    record: str
    terms: Terms
    branches: tuple[Branch, ...]

    @property
    def lookups(self) -> int:
        return sum(branch.lookups for branch in self.branches)

    @property
    def is_lower_bound(self) -> bool:
        """Whether there may be more look-ups than were seen."""
        return any(path[-1].hidden for path in self.paths())

    @property
    def everybody(self) -> str | None:
        """The qualifier for those whom nothing else matches; "" if it was not seen, None if nothing is said of them."""
        if self.terms.everybody is not None or self.terms.redirect is None:
            return self.terms.everybody
        inner = self.branches[-1].inner
        return inner.everybody if inner else ""

    def paths(self) -> Iterator[tuple[Branch, ...]]:
        """Each branch at any depth, with those that lead to it before it."""
        for branch in self.branches:
            yield (branch,)
            for path in branch.inner.paths() if branch.inner else ():
                yield (branch, *path)

    def allowed(self) -> Iterator[tuple[Branch, ...]]:
        """The paths to the includes and redirects whose senders pass (section 5.2: of an include, only a pass counts)."""
        for path in self.paths():
            if all(branch.leads_on and branch.term.passes for branch in path):
                yield path

    def opened(self) -> Iterator[tuple[Branch, ...]]:
        """The paths to the records that let everybody pass, and so make this one do it."""
        for path in self.allowed():
            if path[-1].inner is not None and path[-1].inner.everybody == "+":
                yield path


async def expand(domain: str, record: str, ask: Resolver) -> SpfTree:
    """Follow the record of a domain as a receiver would, for a sender whom nothing matches before the end."""
    # Section 4.3: internationalised names are A-labels here, in macros and in what is included.
    name = a_labels(domain)
    return await _Walk(name, ask).tree(name, record, (name,))


class _Walk:
    def __init__(self, sender: str, ask: Resolver) -> None:
        self._sender = sender
        self._ask = ask
        self._met = 0

    async def tree(self, domain: str, record: str, path: tuple[str, ...]) -> SpfTree:
        terms = Terms(record)
        costing = [term for term in terms.mechanisms if term.name in _COSTING]
        if terms.redirect is not None and terms.everybody is None:
            costing.append(Term(f"redirect={terms.redirect}", "+", "redirect", terms.redirect))
        self._met += len(costing)
        branches = await asyncio.gather(*(self._branch(term, domain, path) for term in costing))
        return SpfTree(domain, record, terms, tuple(branches))

    async def _branch(self, term: Term, domain: str, path: tuple[str, ...]) -> Branch:
        name = expanded(term.target, domain, self._sender) if term.target else domain
        if self._met > ENOUGH:
            return Branch(term, name, cut=True)
        # Section 5.5: what `ptr` asks for depends on the sender's address.
        if name is None or term.name == "ptr":
            return Branch(term, name)
        match term.name:
            case "include" | "redirect":
                return await self._led_to(term, name, path)
            case "mx":
                answer = await self._ask.lookup(name, "MX")
            case "a":
                answer = await self._ask.lookup(name, "A")
                if isinstance(answer, NoData):
                    # Section 5.3: senders by IPv6 are looked for among the AAAA.
                    answer = await self._ask.lookup(name, "AAAA")
            case _:
                # Section 5.7: `exists` asks for an A, however the sender came.
                answer = await self._ask.lookup(name, "A")
        return _found(term, name, answer)

    async def _led_to(self, term: Term, name: str, path: tuple[str, ...]) -> Branch:
        if name in path:
            return Branch(term, name, Fault.LOOP)
        answer = await self._ask.lookup(name, "TXT")
        if isinstance(answer, Unanswered):
            return Branch(term, name, unanswered=answer)
        records = [v for v in answer.values if is_spf(v)] if isinstance(answer, Records) else []
        if len(records) != 1:
            return Branch(term, name, Fault.SEVERAL if records else Fault.MISSING)
        mistakes = tuple(Terms(records[0]).mistakes)
        if mistakes:
            return Branch(term, name, Fault.SYNTAX, mistakes)
        return Branch(term, name, inner=await self.tree(name, records[0], (*path, name)))


def _found(term: Term, name: str, answer: Answer) -> Branch:
    match answer:
        case Unanswered():
            return Branch(term, name, unanswered=answer)
        case NoDomain() | NoData():
            return Branch(term, name, void=True)
        case Records(values=values):
            return Branch(term, name, hosts=len(values) if term.name == "mx" else 0, values=values)
