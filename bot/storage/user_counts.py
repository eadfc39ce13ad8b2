"""How many mail users each domain of the directory has."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.tables import directory_users

Name = tuple[str, str]
"""Account and domain."""


async def by_domain(session: AsyncSession, domains: Collection[Name]) -> dict[Name, int]:
    """Of these domains, those that have mail users, and how many are there now."""
    if not domains:
        return {}
    domain = _domain_of_address(session)
    rows = await session.execute(
        select(directory_users.c.account, domain, func.count())
        .where(
            directory_users.c.gone.is_(False),
            directory_users.c.account.in_({account for account, _ in domains}),
            domain.in_({name for _, name in domains}),
        )
        .group_by(directory_users.c.account, domain)
    )
    found = {(account, name): number for account, name, number in rows}
    return {name: number for name, number in found.items() if name in set(domains)}


def _domain_of_address(session: AsyncSession) -> ColumnElement[str]:
    """What is behind the @, of which an address here has one."""
    address = directory_users.c.address
    if session.get_bind().dialect.name == "sqlite":
        return func.substr(address, func.instr(address, "@") + 1)
    return func.split_part(address, "@", 2)
