"""Looking a list through before anything is created: what is wrong with each line, as far as the directory knows."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot import creation
from bot.bulk.listing import Entry
from bot.directory import Directory
from bot.errors import DeletionOpen, InvalidInput, NotFound
from bot.model import Capability, Line, LineState
from bot.storage.database import Database
from bot.users import Users


class Drafts:
    def __init__(self, *, database: Database, directory: Directory, users: Users) -> None:
        self._database = database
        self._directory = directory
        self._users = users

    async def lines(self, entries: Sequence[Entry]) -> list[Line]:
        """The lines of a run, each with its account, or with what is wrong."""
        accounts: dict[str, list[str]] = {}
        for domain in await self._directory.domains():
            accounts.setdefault(domain.name, []).append(domain.account)
        offered = {
            account: await self._users.offers(account)
            for account in {account for found in accounts.values() for account in found}
        }
        placed = [_placed(entry, accounts) for entry in entries]
        times = Counter((entry.account, entry.address) for entry in placed if not entry.problem)
        seen: set[tuple[str, str]] = set()
        lines = []
        for entry in placed:
            told = entry.problem or await self._problem(entry, offered)
            key = (entry.account, entry.address)
            if not told and times[key] > 1:
                told = "It is in the list twice; the first one counts." if key in seen else ""
                seen.add(key)
            lines.append(
                Line(
                    entry.number,
                    entry.source,
                    entry.account,
                    entry.address,
                    entry.admin,
                    entry.quota,
                    LineState.REFUSED if told else LineState.WAITING,
                    told,
                )
            )
        return lines

    async def _problem(self, entry: Entry, offered: Mapping[str, frozenset[Capability]]) -> str:
        title = self._users.title(entry.account)
        if entry.admin and Capability.ADMIN_PRIVILEGE not in offered[entry.account]:
            return f"{title} knows no administrators among its mail users."
        if entry.quota is not None and Capability.QUOTA not in offered[entry.account]:
            return f"{title} has no quotas."
        try:
            await creation.check_address(self._directory, entry.account, entry.address)
            await creation.check_queue(self._database, entry.account, entry.address)
            known = await self._directory.find(entry.address, account=entry.account, archived=None)
        except NotFound:
            return ""
        except (InvalidInput, DeletionOpen) as error:
            return str(error)
        if known.archived:
            return "It was deleted, and its mailbox is kept: /mail-restore gives it back."
        return "It already exists."


def _placed(entry: Entry, accounts: Mapping[str, Sequence[str]]) -> Entry:
    """The entry with the account that its domain is on, if there is one."""
    if entry.problem:
        return entry
    local_part, at, domain = entry.address.rpartition("@")
    if not at or not local_part:
        return replace(entry, problem="It is no mail address.")
    found = accounts.get(domain, [])
    if not found:
        return replace(entry, problem=f"{domain or 'This'} is not a domain here.")
    if entry.account:
        if entry.account in found:
            return entry
        return replace(entry, problem=f"{domain} is not a domain of {entry.account}.")
    if len(found) > 1:
        names = " and ".join(found)
        return replace(entry, problem=f"{domain} is on the accounts {names}: name one in a column account.")
    return replace(entry, account=found[0])
