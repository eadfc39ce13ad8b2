"""Add a domain, with proof that it is listed.

Some mail systems have domains by themselves, and look for an ownership record in DNS before they take one. A mail system
of one's own has a domain while it has an address of it: there, a domain is added with its first mail user.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import replace

from bot.audit import Act
from bot.clock import Clock
from bot.creation import UserCreated, Wanted
from bot.directory import Directory
from bot.dns import Publication
from bot.dns.lookup import a_labels
from bot.domains import Domains
from bot.errors import (
    AlreadyExists,
    DeletionOpen,
    InvalidInput,
    NotPossible,
    ProviderError,
    ProviderRefused,
    WriteNotApplied,
)
from bot.model import Capability, Finding, Grade, MailDomain, Operator, Target, TargetKind
from bot.providers.base import MailProvider
from bot.storage import deletions
from bot.storage.database import Database
from bot.users import DOMAIN, Users
from bot.writes import Writes

log = logging.getLogger(__name__)

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST = 253
"""Characters of a name as people write it (RFC 1035 section 2.3.4)."""


class NewDomains:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        directory: Directory,
        users: Users,
        domains: Domains,
        publication: Publication,
        providers: Mapping[str, MailProvider],
    ) -> None:
        self._database = database
        self._directory = directory
        self._users = users
        self._domains = domains
        self._publication = publication
        self._providers = providers
        self._writes = Writes(database=database, clock=clock)

    async def add(self, operator: Operator, *, nonce: str, account: str, name: str) -> MailDomain:
        """Add a domain and prove that it is listed.

        Raises InvalidInput (DOMAIN: no name of a domain, or its ownership record is not published), AlreadyExists,
        DeletionOpen, NotPossible, AlreadySubmitted, WriteNotApplied, and ProviderError, which says which record is missing
        where the mail system refused.
        """
        provider = self._providers[account]
        name = domain_name(name)
        if Capability.DOMAINS not in provider.capabilities:
            raise NotPossible(f"{provider.title} has a domain as soon as it has an address of it.")
        await self._check_queue(account, name)
        async with self._writes.once(operator, nonce, account, name, Act.DOMAIN_ASKED, Act.DOMAIN_FAILED):
            if await self._listed(account, name) is not None:
                raise AlreadyExists(f"{name} is a domain of {account} already.")
            proof = await self._domains.proof(account, name)
            if proof is not None and proof.grade is Grade.FAIL:
                raise InvalidInput(_unproven(proof, provider.title), field=DOMAIN)
            added = await self._add(provider, name, proof)
            await self._writes.done(
                operator, nonce, account, name, Act.DOMAIN_ADDED, outcome=f"{name} was added to {account}."
            )
        self._publication.renew(account)
        return added

    async def add_with_user(
        self, operator: Operator, *, nonce: str, account: str, wanted: Wanted
    ) -> UserCreated:
        """Add a domain to a mail system that has it because of its addresses: create its first mail user.

        Raises as Users.create; InvalidInput (DOMAIN) also where it is no name of a domain, or is a domain already.
        """
        local_part, _, typed = wanted.address.rpartition("@")
        name = domain_name(typed)
        provider = self._providers[account]
        if Capability.DOMAINS in provider.capabilities:
            raise NotPossible(f"{provider.title} wants a domain added before it has mail users.")
        if any((known.account, known.name) == (account, name) for known in await self._directory.domains()):
            raise InvalidInput(
                f"{name} is a domain of {account} already: create the user with /mail-create.", field=DOMAIN
            )
        created = await self._users.create(
            operator,
            nonce=nonce,
            account=account,
            address=f"{local_part}@{name}",
            password=wanted.password,
            admin=wanted.admin,
            quota=wanted.quota,
            new_domain=True,
        )
        self._publication.renew(account)
        try:
            listed = await self._listed(account, name)
        except ProviderError as error:
            # The user is there, and its password has to be shown; the next refresh reads the domains again.
            log.warning("the domains of account %s were not listed: %s", account, error)
            return created
        if listed is not None:
            await self._writes.record(operator, Act.DOMAIN_ADDED, account, name, f"with {created.address}")
            return created
        unlisted = f"{provider.title} does not list {name} among its domains yet."
        return replace(created, missing=(*created.missing, unlisted))

    async def _add(self, provider: MailProvider, name: str, proof: Finding | None) -> MailDomain:
        unclear: ProviderError | None = None
        try:
            await provider.add_domain(name)
        except ProviderRefused as error:
            raise ProviderRefused(f"{error}{_beside(name, proof, provider.title)}", code=error.code) from None
        except ProviderError as error:
            if not error.unclear:
                raise
            unclear = error
        try:
            added = await self._listed(provider.account, name)
        except ProviderError as error:
            # Where looking fails too, the unclear answer stands.
            raise unclear or error from None
        if added is not None:
            return added
        if unclear is not None:
            raise unclear
        raise WriteNotApplied(
            f"{provider.title} reported success, but {name} is not listed. Nothing was added.",
            expected="listed",
            found="not listed",
        )

    async def _listed(self, account: str, name: str) -> MailDomain | None:
        listed = await self._directory.refresh_domains(account)
        return next((domain for domain in listed if domain.name == name), None)

    async def _check_queue(self, account: str, name: str) -> None:
        """A deletion would take the new domain for the old one."""
        async with self._database.reading() as session:
            queued = await deletions.blocking(session, Target(account, TargetKind.DOMAIN, name))
        if queued is not None:
            raise DeletionOpen(
                f"The deletion of {name} is queued: cancel the deletion first."
                if queued.state.is_open
                else f"A deletion of {name} has failed and can still be tried again: drop it first, in /mail-pending history.",
                deletion_id=queued.id,
            )


def domain_name(typed: str) -> str:
    """A domain as DNS has it, of what a person typed. Raises InvalidInput (DOMAIN)."""
    text = typed.strip().lower().removesuffix(".")
    if "@" in text:
        raise InvalidInput("Type only the domain: the part behind the @.", field=DOMAIN)
    name = a_labels(text)
    labels = name.split(".")
    if (
        len(name) > _LONGEST
        or len(labels) == 1
        or not all(map(_LABEL.fullmatch, labels))
        or labels[-1].isdecimal()
    ):
        raise InvalidInput("That is no name of a domain. Type it like example.org.", field=DOMAIN)
    return name


def _unproven(proof: Finding, title: str) -> str:
    return f"{proof.summary} {proof.why} Until then, {title} would refuse it."


def _beside(name: str, proof: Finding | None, title: str) -> str:
    """What to say of the ownership record beside a refusal."""
    match proof:
        case None:
            return ""
        case Finding(grade=Grade.OK):
            return f" DNS shows the ownership record of {name}; {title} may not see it yet. Try again in some minutes."
        case _:
            return f" The ownership record of {name} could not be looked up: see that it is published as shown here."
