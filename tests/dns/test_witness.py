"""Which resolver is believed: one that finds the mail systems' own names, and without waiting for each of them in turn."""

import asyncio

from typing_extensions import override

from bot.dns.expected import PURELYMAIL
from bot.dns.lookup import Answer, Records, Resolver, Unanswered
from bot.dns.witness import knows

NAMES = 7
"""The mail host's two kinds of address, the SPF record that is included, the root of DMARC, and three DKIM keys."""


class Silent(Resolver):
    """Is silent about each of the other names until it was asked about all of them; finds `found`, if that is given."""

    def __init__(self, found: tuple[str, str] | None = None) -> None:
        self.asked: list[tuple[str, str]] = []
        self._found = found
        self._others = asyncio.Barrier(NAMES - 1)

    @override
    async def lookup(self, name: str, rdtype: str) -> Answer:
        self.asked.append((name, rdtype))
        if len(self.asked) > 1:
            await self._others.wait()
        if (name, rdtype) == self._found:
            return Records(("something",), ttl=60)
        return Unanswered("silence")


async def test_a_resolver_that_works_is_asked_one_thing() -> None:
    resolver = Silent((PURELYMAIL.mx_host, "A"))
    assert await knows(resolver, [PURELYMAIL])
    assert len(resolver.asked) == 1


async def test_any_of_the_names_is_enough() -> None:
    assert await knows(Silent((PURELYMAIL.spf_include, "TXT")), [PURELYMAIL])


async def test_a_resolver_that_finds_none_of_them_is_not_believed_and_silent_only_once_about_the_rest() -> (
    None
):
    resolver = Silent()
    assert not await knows(resolver, [PURELYMAIL])
    assert len(resolver.asked) == len(set(resolver.asked)) == NAMES
