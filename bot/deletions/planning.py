"""Before anything is queued: is the target there, may it go, and what identifies it? Refusals come with their reason."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeVar

from bot.deletions import targets
from bot.deletions.requests import Request
from bot.deletions.safeguards import Safeguards
from bot.directory import Directory
from bot.errors import NotFound, NotPossible, OperatorError, Protected, ProviderError, ProviderUnavailable
from bot.model import Capability, MailUser, Target, TargetKind
from bot.providers.base import MailProvider, UserListing

LOOK_SECONDS = 5.0
"""How long a request waits for each answer of the mail system."""

MOST = 40
"""So many targets one request may have: each has a line with a button in one message (50 blocks, docs.slack.dev)."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A target that was not queued, and why."""

    target: Target
    error: OperatorError


@dataclass(frozen=True, slots=True)
class Graces:
    """How long a deletion waits after its notice was confirmed, by the kind of its target."""

    user: timedelta
    domain: timedelta
    routing_rule: timedelta

    def of(self, kind: TargetKind) -> timedelta:
        return {
            TargetKind.USER: self.user,
            TargetKind.DOMAIN: self.domain,
            TargetKind.ROUTING_RULE: self.routing_rule,
        }[kind]


@dataclass(frozen=True, slots=True)
class Plan:
    """What may be queued, as it was seen, and what may not."""

    accepted: tuple[tuple[Target, targets.Look], ...]
    refused: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Scheduled:
    """What a request came to. Nothing was queued of `refused`; the two lists together are what was asked for."""

    request_id: str
    deletions: Request
    refused: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the mail systems were asked once for a whole request, by account; None where they did not tell."""

    listings: dict[str, UserListing | None] = field(default_factory=dict)
    protected: dict[str, Mapping[str, str] | None] = field(default_factory=dict)


class Planner:
    def __init__(
        self, *, directory: Directory, providers: Mapping[str, MailProvider], safeguards: Safeguards
    ) -> None:
        self._directory = directory
        self._providers = providers
        self._safeguards = safeguards

    async def plan(self, wanted: Sequence[Target]) -> Plan:
        """Each target once, in the order given."""
        accepted, refused = [], []
        asked = _Asked()
        for target in dict.fromkeys(wanted):
            try:
                accepted.append((target, await self._judge(target, asked)))
            except OperatorError as error:
                refused.append(Refusal(target, error))
        return Plan(tuple(accepted), tuple(refused))

    async def look(self, target: Target) -> targets.Look:
        """One target. Raises NotFound, NotPossible, Protected and ProviderError."""
        return await self._judge(target, _Asked())

    async def _judge(self, target: Target, asked: _Asked) -> targets.Look:
        if (named := self._safeguards.named(target)) is not None:
            raise Protected(named)
        provider = self._providers[target.account]
        if target.kind is TargetKind.USER:
            seen = await self._judge_user(target, asked)
            kept = Capability.ARCHIVED_USERS in provider.capabilities
            return replace(seen, snapshot=replace(seen.snapshot, kept=kept))
        if target.kind is TargetKind.DOMAIN and Capability.DOMAINS not in provider.capabilities:
            raise NotPossible(
                f"{target.id} can't be deleted by itself: {provider.title} has a domain as long as it has an address of it. "
                "Delete its mail users instead."
            )
        seen = await self._in_time(provider, targets.look(provider, target))
        if seen.automatic:
            raise Protected(
                f"{provider.title} keeps {seen.label} by itself, for as long as it has the domain: it can't be deleted."
            )
        if seen.there is False:
            raise NotFound(f"{seen.label} is not there any more: somebody else has deleted it.")
        objection = await self._in_time(
            provider, self._safeguards.objection(provider, target, seen.snapshot.users)
        )
        if objection is not None:
            raise Protected(objection)
        return seen

    async def _judge_user(self, target: Target, asked: _Asked) -> targets.Look:
        """A mail system that is down keeps nobody from queueing a user: it is asked again right before the deletion."""
        known = await self._directory.find(target.id, account=target.account)
        provider = self._providers[target.account]
        if target.account not in asked.listings:
            asked.listings[target.account] = await self._listing(provider)
        listing = asked.listings[target.account]
        if listing is None:
            return targets.Look(there=None, label=target.id)
        if target.id not in listing.addresses:
            if listing.complete:
                await self._gone(known)
            return await self._beyond_the_listing(provider, target, known, asked)
        return targets.Look(there=True, label=await self._unless_protected(provider, target, asked))

    async def _beyond_the_listing(
        self, provider: MailProvider, target: Target, known: MailUser, asked: _Asked
    ) -> targets.Look:
        try:
            seen = await self._in_time(provider, targets.look(provider, target))
        except ProviderError:
            return targets.Look(there=None, label=target.id)
        if seen.there is False:
            await self._gone(known)
        await self._unless_protected(provider, target, asked)
        return seen

    async def _unless_protected(self, provider: MailProvider, target: Target, asked: _Asked) -> str:
        if target.account not in asked.protected:
            asked.protected[target.account] = await self._protected(provider)
        objection = (asked.protected[target.account] or {}).get(target.id)
        if objection is not None:
            raise Protected(objection)
        return target.id

    async def _protected(self, provider: MailProvider) -> Mapping[str, str] | None:
        try:
            return await self._in_time(provider, provider.protected_users())
        except ProviderError:
            return None

    async def _gone(self, user: MailUser) -> None:
        await self._directory.note_gone(user)
        raise NotFound(f"{user.address} is not there any more: somebody else has deleted it.")

    async def _listing(self, provider: MailProvider) -> UserListing | None:
        try:
            return await self._in_time(provider, provider.list_users())
        except ProviderError:
            return None

    async def _in_time(self, provider: MailProvider, question: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                return await question
        except TimeoutError:
            raise ProviderUnavailable(
                f"{provider.title} takes too long to answer. Try again later.", unclear=False
            ) from None
