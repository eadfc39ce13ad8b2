"""Domains: what is known of each, its settings, the records it publishes. To add one: bot/new_domains.py."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.audit import Act
from bot.clock import Clock
from bot.directory import Directory
from bot.dns import DnsHealth, Publication, WantedRecord
from bot.errors import NotFound, ProviderError, WriteNotApplied
from bot.model import (
    Capability,
    Deletion,
    DomainHealth,
    Finding,
    MailDomain,
    Operator,
    Target,
    TargetKind,
)
from bot.providers.base import DomainSettings, MailProvider
from bot.routes import CAPABILITIES
from bot.storage import deletions, user_counts
from bot.storage.database import Database
from bot.writes import Writes

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DomainFacts:
    """What is known of a domain without asking anybody. `deletion`: an open one, of the domain itself."""

    domain: MailDomain
    users: int
    health: DomainHealth | None = None
    deletion: Deletion | None = None


@dataclass(frozen=True, slots=True)
class DomainDetails:
    """What the mail system tells of a domain now; None where it has no such thing, or did not answer (`problem`).

    `rules`: how many routing rules or aliases it has, without those that a mail system makes by itself.
    """

    settings: DomainSettings | None = None
    rules: int | None = None
    problem: str | None = None


class Domains:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        directory: Directory,
        health: DnsHealth,
        publication: Publication,
        providers: Mapping[str, MailProvider],
    ) -> None:
        self._database = database
        self._directory = directory
        self._health = health
        self._publication = publication
        self._providers = providers
        self._writes = Writes(database=database, clock=clock)
        self._codes: dict[str, str] = {}

    async def facts(self, domains: Sequence[MailDomain]) -> list[DomainFacts]:
        """Of each of these, in their order. For a page of a list, not for all there are."""
        names = [(domain.account, domain.name) for domain in domains]
        async with self._database.reading() as session:
            users = await user_counts.by_domain(session, names)
            queued = [await deletions.open_for(session, _target(domain)) for domain in domains]
        return [
            DomainFacts(
                domain,
                users.get((domain.account, domain.name), 0),
                await self._health.last_seen(domain),
                deletion,
            )
            for domain, deletion in zip(domains, queued, strict=True)
        ]

    async def details(self, domain: MailDomain) -> DomainDetails:
        """What the mail system says of the domain now."""
        provider = self._providers[domain.account]
        settings, rules = None, None
        try:
            if Capability.DOMAIN_SETTINGS in provider.capabilities:
                settings = await provider.domain_settings(domain.name)
            if CAPABILITIES & provider.capabilities:
                listed = await provider.list_routing_rules()
                rules = sum(rule.domain == domain.name and not rule.automatic for rule in listed)
        except (ProviderError, NotFound) as error:
            return DomainDetails(settings, rules, str(error))
        return DomainDetails(settings, rules)

    async def ownership(self, account: str) -> str | None:
        """The TXT record that the account's domains publish; None where the mail system wants none. Raises ProviderError."""
        if account not in self._codes:
            code = await self._providers[account].ownership_code()
            if code is None:
                return None
            self._codes[account] = code
        return self._codes[account]

    async def proof(self, account: str, name: str) -> Finding | None:
        """Whether DNS shows the account's ownership record at `name`. None where the mail system wants none.

        Raises ProviderError.
        """
        code = await self.ownership(account)
        return None if code is None else await self._publication.proof(name, code)

    async def records(self, domain: MailDomain) -> list[WantedRecord] | None:
        """What the domain should publish, and what DNS shows of it now; None where its box has not told."""
        try:
            code = await self.ownership(domain.account)
        except ProviderError as error:
            # Mail does not need that record, and the others are known without asking.
            log.warning("account %s did not tell its ownership record: %s", domain.account, error)
            code = None
        return await self._publication.records(domain, code)

    async def recheck(self, operator: Operator, domain: MailDomain) -> str | None:
        """Have the mail system look at the domain's DNS, and look at it ourselves. Returns what hindered the former."""
        problem = None
        if domain.provider_verdict is not None:
            await self._writes.record(operator, Act.DOMAIN_RECHECKED, domain.account, domain.name, "")
            try:
                await self._providers[domain.account].recheck_dns(domain.name)
                _ = await self._directory.refresh_domains(domain.account)
            except ProviderError as error:
                problem = str(error)
        _ = await self._health.check(domain)
        return problem

    async def set_settings(
        self, operator: Operator, *, nonce: str, account: str, name: str, settings: DomainSettings
    ) -> DomainSettings:
        """Set both switches, and return what a read-back shows.

        Raises NotFound, NotPossible, AlreadySubmitted, ProviderError, and WriteNotApplied where the mail system said
        success and changed nothing.
        """
        provider = self._providers[account]
        wanted = words(settings)
        async with self._writes.once(
            operator, nonce, account, name, Act.DOMAIN_SETTINGS_ASKED, Act.DOMAIN_SETTINGS_FAILED, wanted
        ):
            await provider.domain_settings(name)
            unclear: ProviderError | None = None
            try:
                await provider.set_domain_settings(name, settings)
            except ProviderError as error:
                if not error.unclear:
                    raise
                unclear = error
            try:
                found = await provider.domain_settings(name)
            except ProviderError as error:
                raise unclear or error from None
            if found != settings:
                raise WriteNotApplied(
                    f"{provider.title} did not apply it: {name} should have {wanted}, and has {words(found)}.",
                    expected=wanted,
                    found=words(found),
                )
            await self._writes.done(
                operator,
                nonce,
                account,
                name,
                Act.DOMAIN_SETTINGS_SET,
                outcome=f"{name} now has {wanted}.",
                detail=wanted,
            )
        return found


def words(settings: DomainSettings) -> str:
    """`account reset on, symbolic subaddressing off`."""
    return (
        f"account reset {_switch(on=settings.account_reset)}, "
        f"symbolic subaddressing {_switch(on=settings.subaddressing)}"
    )


def _switch(*, on: bool) -> str:
    return "on" if on else "off"


def _target(domain: MailDomain) -> Target:
    return Target(domain.account, TargetKind.DOMAIN, domain.name)
