"""DNS from a table, for what is above the network."""

import asyncio
import collections
from collections.abc import Mapping

from typing_extensions import override

from bot.dns.lookup import Answer, NoDomain, UncheckedResolver


class TableResolver(UncheckedResolver):
    """Answers from a table; what it does not hold does not exist. Holds its answers back while `open` is clear."""

    def __init__(self, table: Mapping[tuple[str, str], Answer]) -> None:
        self.table = dict(table)
        self.count: collections.Counter[tuple[str, str]] = collections.Counter()
        self.asked = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()

    @override
    async def lookup(self, name: str, rdtype: str) -> Answer:
        self.count[name, rdtype] += 1
        self.asked.set()
        _ = await self.open.wait()
        return self.table.get((name, rdtype), NoDomain())

    @override
    async def lookup_unchecked(self, name: str, rdtype: str) -> Answer:
        return await self.lookup(name, rdtype)
