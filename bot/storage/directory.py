"""The rows of the directory: mail users and domains as last seen at their mail system."""

from collections.abc import Collection, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import (
    OPEN_STATES,
    UNTOLD,
    MailDomain,
    MailUser,
    ProviderVerdict,
    Target,
    TargetKind,
    UserDetails,
)
from bot.storage.database import serialise, upsert
from bot.storage.tables import OPEN, deletions, directory_domains, directory_users


async def put_user(
    session: AsyncSession,
    account: str,
    address: str,
    *,
    now: datetime,
    gone: bool,
    archived: bool = False,
    details: UserDetails | None = None,
) -> None:
    """Record that a mail user is there, or is not there any more, as of `now`.

    `archived`: gone, and the mailbox is kept. `details`: what was told of it; the others that are known stay on record, also
    of who is gone, and are nobody's as soon as another one has the address.
    """
    told = {name: value for name, value in _columns(details or UNTOLD).items() if value is not None}
    values: dict[str, object] = {"touched_at": now, "gone": gone, "archived": archived, **told}
    statement = upsert(session, directory_users).values(account=account, address=address, **values)
    if not gone:
        values |= {
            name: case((directory_users.c.gone.is_(True), null()), else_=directory_users.c[name])
            for name in _columns(UNTOLD).keys() - told.keys()
        }
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[directory_users.c.account, directory_users.c.address], set_=values
        )
    )


async def put_listing(
    session: AsyncSession,
    account: str,
    addresses: frozenset[str],
    *,
    asked_at: datetime,
    prune: bool,
    details: Mapping[str, UserDetails] = MappingProxyType({}),
    archived: frozenset[str] = frozenset(),
) -> None:
    """Take over a listing that was asked for at `asked_at`. `prune`: whom it does not name is gone.

    Rows touched later than that know better: the bot has created or deleted the user while the listing was under way.
    """
    statement = upsert(session, directory_users)
    new = statement.excluded
    keys = [directory_users.c.account, directory_users.c.address]
    old = directory_users.c.touched_at <= asked_at
    standing = {"touched_at": new.touched_at, "gone": new.gone, "archived": new.archived}
    if addresses:
        told = {name: new[name] for name in _columns(UNTOLD)}
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=keys, set_=standing | told, where=and_(old, ~_missed())
            ),
            [_row(account, address, asked_at, details.get(address, UNTOLD)) for address in sorted(addresses)],
        )
    if archived:
        # The details of before stay: whoever gives the mailbox back wants to know them.
        await session.execute(
            statement.on_conflict_do_update(index_elements=keys, set_=standing, where=old),
            [
                _row(account, address, asked_at, UNTOLD, archived=True)
                for address in sorted(archived - addresses)
            ],
        )
    if prune:
        # What the listing named has just been touched at `asked_at`; what is older was not in it.
        await session.execute(
            update(directory_users)
            .where(
                directory_users.c.account == account,
                directory_users.c.touched_at < asked_at,
                or_(directory_users.c.gone.is_(False), directory_users.c.archived.is_(True)),
            )
            .values(gone=True, archived=False)
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
    session: AsyncSession,
    text: str,
    *,
    accounts: list[str],
    offset: int,
    limit: int,
    archived: bool | None = False,
) -> tuple[list[MailUser], int, int]:
    """A page of the users of `accounts` whose address contains `text`, how many match, and how many there are.

    Addresses that begin with `text` come first. `%` and `_` in it mean themselves. `archived`: whether those who are
    there are looked for, those whose mailbox is kept, or (None) both, in this order.
    """
    known = and_(_standing(archived=archived), directory_users.c.account.in_(accounts))
    matching = and_(known, directory_users.c.address.contains(text, autoescape=True)) if text else known
    total = await session.scalar(select(func.count()).select_from(directory_users).where(known)) or 0
    count = await session.scalar(select(func.count()).select_from(directory_users).where(matching)) or 0
    begins = case((directory_users.c.address.startswith(text, autoescape=True), 0), else_=1)
    rows = await session.execute(
        _users()
        .where(matching)
        .order_by(directory_users.c.archived, begins, directory_users.c.address, directory_users.c.account)
        .offset(offset)
        .limit(limit)
    )
    return [_user(row) for row in rows.mappings()], count, total


async def tells_quotas(session: AsyncSession, account: str) -> bool:
    """Whether the quota of a user of that account is known."""
    known = exists().where(directory_users.c.account == account, directory_users.c.quota.is_not(None))
    return bool(await session.scalar(select(known)))


async def count_archived(session: AsyncSession, text: str, *, accounts: list[str]) -> int:
    """How many archived users of `accounts` have an address that contains `text`."""
    query = select(func.count()).where(
        _standing(archived=True),
        directory_users.c.account.in_(accounts),
        directory_users.c.address.contains(text, autoescape=True),
    )
    return await session.scalar(query) or 0


async def find(session: AsyncSession, address: str, *, archived: bool | None = False) -> list[MailUser]:
    """The mail users of that address: at most one in each account. `archived` as in `search`."""
    rows = await session.execute(
        _users()
        .where(_standing(archived=archived), directory_users.c.address == address)
        .order_by(directory_users.c.account)
    )
    return [_user(row) for row in rows.mappings()]


def _standing(*, archived: bool | None) -> ColumnElement[bool]:
    there, kept = directory_users.c.gone.is_(False), directory_users.c.archived.is_(True)
    if archived is None:
        return or_(there, kept)
    return kept if archived else there


def _users() -> Select[Any]:
    open_deletion = and_(
        deletions.c.account == directory_users.c.account,
        deletions.c.kind == TargetKind.USER.value,
        deletions.c.target_id == directory_users.c.address,
        deletions.c.state.in_(sorted(OPEN_STATES)),
    )
    return select(directory_users, deletions.c.id.label("deletion_id")).select_from(
        directory_users.outerjoin(deletions, open_deletion)
    )


def _user(row: RowMapping) -> MailUser:
    return MailUser(
        row["account"],
        row["address"],
        row["deletion_id"],
        archived=row["archived"],
        details=UserDetails(row["admin"], row["quota"], row["used"]),
    )


def _columns(details: UserDetails) -> dict[str, object]:
    return {"admin": details.admin, "quota": details.quota, "used": details.used}


def _row(
    account: str, address: str, at: datetime, details: UserDetails, *, archived: bool = False
) -> dict[str, object]:
    return {
        "account": account,
        "address": address,
        "touched_at": at,
        "gone": archived,
        "archived": archived,
        **_columns(details),
    }


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
