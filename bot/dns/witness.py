"""The resolvers that tell what is in DNS: each is a witness of its own, and is believed only while it knows what it must."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.dns.expected import ROOT, Expected
from bot.dns.lookup import Records, Resolver, Sweep, UncheckedResolver


@dataclass(frozen=True, slots=True)
class Witness:
    """`name` says whose answers these are: two looks by one witness may be one answer from its cache."""

    name: str
    resolver: UncheckedResolver


async def knows(resolver: Resolver, expected: Iterable[Expected]) -> bool:
    """Whether it finds any of the mail systems' own names.

    Who finds none is cut off, lies, or has a mail system vanish before it: what it says of domains shows nothing of them.
    """
    names = [question for system in expected for question in system.own_names] or [ROOT]
    # The first one alone tells of a resolver that works; for the others, silence is waited for only once.
    for some in (names[:1], names[1:]):
        answers = await asyncio.gather(*(resolver.lookup(name, rdtype) for name, rdtype in some))
        if any(isinstance(answer, Records) for answer in answers):
            return True
    return False


async def first_that_knows(witnesses: Sequence[Witness], expected: Sequence[Expected]) -> Witness | None:
    """The first witness that can be believed; None if none can."""
    for witness in witnesses:
        async with Sweep(witness.resolver) as sweep:
            if await knows(sweep, expected):
                return witness
    return None
