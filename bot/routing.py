"""Routing rules and aliases: which there are, what a new one would do, and making it, read back from the mail system.

They are not in the directory: there are few, and they change behind our back. A listing is kept for a moment only, so
that a search that follows the typing does not ask for it at every key.
"""

import asyncio
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from bot import addresses
from bot.audit import Act
from bot.clock import Clock
from bot.directory import Directory
from bot.errors import (
    AlreadyExists,
    DeletionOpen,
    InvalidInput,
    NotPossible,
    ProviderError,
    ProviderUnavailable,
    WriteNotApplied,
)
from bot.model import Capability, Deletion, Operator, Target, TargetKind
from bot.providers.base import MailProvider, RoutingRule
from bot.routes import (
    CAPABILITIES,
    KINDS,
    Listing,
    Preview,
    RouteKind,
    Wanted,
    find,
    is_stronger,
    matches,
    overlap,
)
from bot.storage import deletions, recipients
from bot.storage.database import Database
from bot.writes import Writes

KEPT = timedelta(minutes=2)
"""How old a listing may be that is shown again."""

NAMED = 5
"""So many mail users a preview names."""

DOMAIN = "domain"
KIND = "kind"
MATCH = "match"
TARGETS = "targets"
"""The fields that InvalidInput names."""

_MATCH = re.compile(r"[a-z0-9_+=~.-]{1,64}")


class Routing:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        directory: Directory,
        providers: Mapping[str, MailProvider],
    ) -> None:
        self._database = database
        self._clock = clock
        self._directory = directory
        self._providers = providers
        self._writes = Writes(database=database, clock=clock)
        self._kept: dict[str, Listing] = {}

    @property
    def accounts(self) -> list[str]:
        """The accounts that have routing rules or aliases."""
        return [name for name, provider in self._providers.items() if provider.capabilities & CAPABILITIES]

    def title(self, account: str) -> str:
        """The mail system's name as people write it."""
        return self._providers[account].title

    async def listings(self, *, fresh: bool = False) -> list[Listing]:
        """The rules of each account; where it can't be asked, those that are known, with the reason."""
        return list(await asyncio.gather(*(self._listing(account, fresh=fresh) for account in self.accounts)))

    async def queued(self, targets: Collection[Target]) -> dict[Target, Deletion]:
        """The open deletions among those of these rules."""
        async with self._database.reading() as session:
            return {row.target: row for row in await deletions.open_among(session, targets)}

    async def preview(self, wanted: Wanted) -> Preview:
        """What the rule would do. Raises InvalidInput, NotPossible, AlreadyExists, DeletionOpen and ProviderError."""
        provider = await self._check(wanted)
        rule = wanted.rule
        await self._check_queue(provider, rule)
        listed = await self._read(provider)
        _check_free(provider, listed, rule)
        ours = {domain.name for domain in await self._directory.domains()}
        async with self._database.reading() as session:
            users = await recipients.known_among(session, wanted.targets)
            domain = Target(wanted.account, TargetKind.DOMAIN, wanted.domain)
            leaving = await deletions.open_for(session, domain) is not None
            robbed, count = (
                ([], 0)
                if wanted.kind is RouteKind.CATCH_ALL
                else await recipients.beginning(
                    session,
                    wanted.account,
                    wanted.domain,
                    f"{wanted.match}@" if wanted.kind is RouteKind.EXACT else wanted.match,
                    leaving_out=wanted.targets,
                    limit=NAMED,
                )
            )
        others = [target for target in wanted.targets if target not in users]
        reached = [one for listing in self._kept.values() for one in listing.rules]
        return Preview(
            wanted.account,
            rule,
            tuple(robbed),
            count,
            stronger=tuple(one for one in listed if overlap(one, rule) and is_stronger(one, rule)),
            weaker=tuple(one for one in listed if overlap(one, rule) and not is_stronger(one, rule)),
            unknown=tuple(
                target
                for target in others
                if target.rpartition("@")[2] in ours
                and not matches(rule, target)
                and not any(matches(one, target) for one in reached)
            ),
            circular=tuple(target for target in others if matches(rule, target)),
            leaving=leaving,
        )

    async def create(self, operator: Operator, *, nonce: str, wanted: Wanted) -> RoutingRule:
        """Make the rule, and return it as the mail system lists it.

        Raises InvalidInput (DOMAIN, KIND, MATCH, TARGETS), NotPossible, AlreadyExists, DeletionOpen, AlreadySubmitted,
        WriteNotApplied and ProviderError.
        """
        provider = await self._check(wanted)
        rule = wanted.rule
        await self._check_queue(provider, rule)
        async with self._writes.once(
            operator, nonce, wanted.account, rule.pattern, Act.ROUTE_ASKED, Act.ROUTE_FAILED, rule.label
        ):
            _check_free(provider, await self._read(provider), rule)
            made = await self._make(provider, rule)
            await self._writes.done(
                operator,
                nonce,
                wanted.account,
                rule.pattern,
                Act.ROUTE_CREATED,
                outcome=f"The rule was created: {made.label}",
                detail=made.label,
            )
        return made

    async def _make(self, provider: MailProvider, rule: RoutingRule) -> RoutingRule:
        unclear: ProviderError | None = None
        try:
            await provider.create_routing_rule(rule)
        except ProviderError as error:
            if not error.unclear:
                raise
            unclear = error
        try:
            made = find(await self._read(provider), rule)
        except ProviderError as error:
            raise unclear or ProviderUnavailable(
                f"{provider.title} took the rule, and then did not show whether it is there: {error.message} See /mail-routes.",
                unclear=True,
            ) from error
        if made is None:
            raise unclear or WriteNotApplied(
                f"{provider.title} reported success, but {rule.pattern} is not among its rules. Nothing was created.",
                expected=rule.label,
                found="nothing",
            )
        if made.content != rule.content:
            raise WriteNotApplied(
                f"{provider.title} has another rule than it was asked for. It should be {rule.label}, and is {made.label}.",
                expected=rule.label,
                found=made.label,
            )
        return made

    async def _listing(self, account: str, *, fresh: bool) -> Listing:
        kept = self._kept.get(account)
        if kept is not None and kept.at is not None and not fresh and self._clock.now() - kept.at < KEPT:
            return kept
        try:
            _ = await self._read(self._providers[account])
        except ProviderError as error:
            known = kept or Listing(account, (), None)
            return Listing(account, known.rules, known.at, str(error))
        return self._kept[account]

    async def _read(self, provider: MailProvider) -> Sequence[RoutingRule]:
        rules = await provider.list_routing_rules()
        self._kept[provider.account] = Listing(provider.account, tuple(rules), self._clock.now())
        return rules

    async def _check(self, wanted: Wanted) -> MailProvider:
        """Raises InvalidInput at the field that is wrong, and NotPossible."""
        known = {(domain.account, domain.name) for domain in await self._directory.domains()}
        if (wanted.account, wanted.domain) not in known:
            raise InvalidInput("Pick a domain.", field=DOMAIN)
        provider = self._providers[wanted.account]
        able = provider.capabilities & CAPABILITIES
        if not able:
            raise NotPossible(f"{provider.title} has no routing rules.")
        if not any(wanted.kind in KINDS[capability] for capability in able):
            raise InvalidInput(
                f"{provider.title} has aliases: for one address, or for all that are no mail users.",
                field=KIND,
            )
        if wanted.kind in {RouteKind.EXACT, RouteKind.PREFIX} and not _is_match(wanted):
            raise InvalidInput(
                "Use a-z, 0-9 and . _ + = ~ - between them, at most 64 characters.", field=MATCH
            )
        if not wanted.targets:
            raise InvalidInput("Say where the mail goes.", field=TARGETS)
        for target in wanted.targets:
            if addresses.parse(target) != target:
                raise InvalidInput(f"{target[:100]} is not an address.", field=TARGETS)
        return provider

    async def _check_queue(self, provider: MailProvider, rule: RoutingRule) -> None:
        """A rule that is known by its address must not come in the place of one that is to be deleted."""
        if Capability.ALIASES not in provider.capabilities:
            return
        target = Target(provider.account, TargetKind.ROUTING_RULE, f"{rule.match}@{rule.domain}")
        async with self._database.reading() as session:
            queued = await deletions.blocking(session, target)
        if queued is not None:
            raise DeletionOpen(
                f"The deletion of {queued.label} is queued: cancel the deletion first."
                if queued.state.is_open
                else f"A deletion of {queued.label} has failed and can still be tried again: drop it first, in /mail-pending "
                "history.",
                deletion_id=queued.id,
            )


def _is_match(wanted: Wanted) -> bool:
    """Whether it is a local part, or may be the beginning of one."""
    if _MATCH.fullmatch(wanted.match) is None or wanted.match.startswith(".") or ".." in wanted.match:
        return False
    whole = wanted.match if wanted.kind is RouteKind.EXACT else f"{wanted.match[:63]}x"
    return addresses.parse(f"{whole}@{wanted.domain}") is not None


def _check_free(provider: MailProvider, listed: Sequence[RoutingRule], rule: RoutingRule) -> None:
    """Raises AlreadyExists."""
    other = find(listed, rule)
    if other is None:
        return
    if other.automatic:
        raise AlreadyExists(
            f"{provider.title} keeps {other.label} by itself. To have it otherwise, use its own control panel."
        )
    raise AlreadyExists(
        f"There is a rule about these addresses already: {other.label}. Delete that one first, or add the targets in the mail "
        "system itself."
    )
