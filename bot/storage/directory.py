"""The rows of the directory: mail users and domains as last seen at their mail system."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, case, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import OPEN_STATES, MailDomain, MailUser, ProviderVerdict, Target, TargetKind
from bot.storage.database import serialise, upsert
from bot.storage.tables import OPEN, deletions, directory_accounts, directory_domains, directory_users


@dataclass(frozen=True, slots=True)
class AccountAge:
    """`refreshed_at`: the last complete refresh; `tried_at`: the last attempt; `last_error` of that attempt."""

    refreshed_at: datetime | None
    tried_at: datetime
    last_error: str | None


async def put_user(session: AsyncSession, account: str, address: str, *, now: datetime, gone: bool) -> None:
    """Record that a mail user is there, or is not there any more, as of `now`."""
    statement = upsert(session, directory_users).values(
        account=account, address=address, touched_at=now, gone=gone
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[directory_users.c.account, directory_users.c.address],
            set_={"touched_at": now, "gone": gone},
        )
    )


async def put_listing(
    session: AsyncSession, account: str, addresses: frozenset[str], *, asked_at: datetime, prune: bool
) -> None:
    """Take over a listing that was asked for at `asked_at`.

    Rows touched later than that know better: the bot has created or deleted the user while the listing was under way.
    """
    if addresses:
        statement = upsert(session, directory_users)
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=[directory_users.c.account, directory_users.c.address],
                set_={"touched_at": statement.excluded.touched_at, "gone": statement.excluded.gone},
                where=and_(directory_users.c.touched_at <= asked_at, ~_missed()),
            ),
            [
                {"account": account, "address": a, "touched_at": asked_at, "gone": False}
                for a in sorted(addresses)
            ],
        )
    if prune:
        # What the listing named has just been touched at `asked_at`; what is older was not in it.
        await session.execute(
            update(directory_users)
            .where(directory_users.c.account == account, directory_users.c.touched_at < asked_at)
            .values(gone=True)
        )


async def put_domains(session: AsyncSession, account: str, domains: list[MailDomain]) -> None:
    """Replace the domains of an account."""
    # Two replicas at once would each leave the rows that the other has just added.
    await serialise(session, f"domains of {account}")
    await session.execute(delete(directory_domains).where(directory_domains.c.account == account))
    if domains:
        await session.execute(
            insert(directory_domains),
            [
                {"account": account, "name": d.name, "verdict": _verdict_row(d.provider_verdict)}
                for d in domains
            ],
        )


async def note_refresh(
    session: AsyncSession, account: str, *, tried_at: datetime, refreshed: bool, error: str | None
) -> None:
    values = {"tried_at": tried_at, "last_error": error} | ({"refreshed_at": tried_at} if refreshed else {})
    await session.execute(
        upsert(session, directory_accounts)
        .values(account=account, **values)
        .on_conflict_do_update(index_elements=[directory_accounts.c.account], set_=values)
    )


async def ages(session: AsyncSession) -> dict[str, AccountAge]:
    rows = await session.execute(select(directory_accounts))
    return {
        row["account"]: AccountAge(row["refreshed_at"], row["tried_at"], row["last_error"])
        for row in rows.mappings()
    }


async def domains(session: AsyncSession) -> list[MailDomain]:
    """All domains of all accounts, by name."""
    rows = await session.execute(
        select(directory_domains).order_by(directory_domains.c.name, directory_domains.c.account)
    )
    return [
        MailDomain(
            row["account"], row["name"], None if row["verdict"] is None else ProviderVerdict(**row["verdict"])
        )
        for row in rows.mappings()
    ]


async def search(
    session: AsyncSession, text: str, *, accounts: list[str], offset: int, limit: int
) -> tuple[list[MailUser], int, int]:
    """A page of the users of `accounts` whose address contains `text`, how many match, and how many there are.

    Addresses that begin with `text` come first. `%` and `_` in it mean themselves.
    """
    present = and_(directory_users.c.gone.is_(False), directory_users.c.account.in_(accounts))
    matching = and_(present, directory_users.c.address.contains(text, autoescape=True)) if text else present
    total = await session.scalar(select(func.count()).select_from(directory_users).where(present)) or 0
    count = await session.scalar(select(func.count()).select_from(directory_users).where(matching)) or 0
    begins = case((directory_users.c.address.startswith(text, autoescape=True), 0), else_=1)
    rows = await session.execute(
        _users()
        .where(matching)
        .order_by(begins, directory_users.c.address, directory_users.c.account)
        .offset(offset)
        .limit(limit)
    )
    return [MailUser(*row) for row in rows], count, total


async def find(session: AsyncSession, address: str) -> list[MailUser]:
    """The mail users of that address: at most one in each account."""
    rows = await session.execute(
        _users()
        .where(directory_users.c.gone.is_(False), directory_users.c.address == address)
        .order_by(directory_users.c.account)
    )
    return [MailUser(*row) for row in rows]


def _users() -> Select[str, str, str | None]:
    open_deletion = and_(
        deletions.c.account == directory_users.c.account,
        deletions.c.kind == TargetKind.USER.value,
        deletions.c.target_id == directory_users.c.address,
        deletions.c.state.in_(sorted(OPEN_STATES)),
    )
    return select(directory_users.c.account, directory_users.c.address, deletions.c.id).select_from(
        directory_users.outerjoin(deletions, open_deletion)
    )


def _missed() -> ColumnElement[bool]:
    """Who was seen to be gone stays so while a deletion of that address is open: whoever is there now is another one."""
    open_deletion = select(deletions.c.id).where(
        deletions.c.account == directory_users.c.account,
        deletions.c.kind == TargetKind.USER.value,
        deletions.c.target_id == directory_users.c.address,
        OPEN,
    )
    return and_(directory_users.c.gone.is_(True), exists(open_deletion))


def _verdict_row(verdict: ProviderVerdict | None) -> dict[str, bool] | None:
    if verdict is None:
        return None
    return {"mx": verdict.mx, "spf": verdict.spf, "dkim": verdict.dkim, "dmarc": verdict.dmarc}


async def gone_among(session: AsyncSession, users: Collection[Target]) -> set[Target]:
    """Of mail users that were there at some time, those that have been seen to be gone."""
    if not users:
        return set()
    rows = await session.execute(
        select(directory_users.c.account, directory_users.c.address).where(
            directory_users.c.gone.is_(True), directory_users.c.address.in_({user.id for user in users})
        )
    )
    return {Target(account, TargetKind.USER, address) for account, address in rows} & set(users)
