"""Making a mail user and proving what became of it: what a new one and one that is given back have in common."""

import re
from dataclasses import dataclass, field

from bot import quotas
from bot.directory import Directory
from bot.errors import DeletionOpen, InvalidInput, NotFound, ProviderError, WriteNotApplied
from bot.model import UNTOLD, Capability, Target, TargetKind, UserDetails
from bot.passwords import judge
from bot.providers.base import MailProvider
from bot.storage import deletions
from bot.storage.database import Database

LOCAL_PART = "local_part"
DOMAIN = "domain"
PASSWORD = "password"  # noqa: S105 - the name of a form field

_LOCAL_PART = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
"""What every mail system accepts without quoting; at most 64 octets (RFC 5321 section 4.5.3.1.1)."""


@dataclass(frozen=True, slots=True)
class UserCreated:
    """`verified` is False where the mail system's list is too long to prove anything.

    `missing`: what was asked for beside the mailbox and is not shown by the read-back, each as a sentence.
    """

    account: str
    address: str
    provider: str
    verified: bool
    missing: tuple[str, ...] = ()
    details: UserDetails = UNTOLD


@dataclass(frozen=True, slots=True)
class Wanted:
    """A mail user to be. `quota`: bytes, 0 for no limit, None for what the mail system gives by itself."""

    address: str
    password: str = field(repr=False)
    admin: bool = False
    quota: int | None = None

    @property
    def extras(self) -> str:
        """What it shall have beside the mailbox, for the record."""
        extras = ["administrator"] if self.admin else []
        if self.quota is not None:
            extras.append(f"quota {quotas.words(self.quota)}")
        return ", ".join(extras)


async def check_address(
    directory: Directory, account: str, address: str, *, new_domain: bool = False
) -> None:
    """Raises InvalidInput (LOCAL_PART, DOMAIN) for one that no mail user of the account can have.

    `new_domain`: the domain need not be there.
    """
    local_part, _, domain = address.partition("@")
    if not local_part:
        raise InvalidInput("Type the part before the @.", field=LOCAL_PART)
    if _LOCAL_PART.fullmatch(local_part) is None or ".." in local_part:
        raise InvalidInput(
            "Use a-z, 0-9, and . _ - between them, at most 64 characters.",
            field=LOCAL_PART,
        )
    known = {(known.account, known.name) for known in await directory.domains()}
    if not new_domain and (account, domain) not in known:
        raise InvalidInput(f"{domain or 'This'} is not a domain of {account}.", field=DOMAIN)


async def check_password(password: str, address: str) -> None:
    """Raises InvalidInput (PASSWORD) for one that is too easy to guess."""
    local_part, _, domain = address.partition("@")
    strength = await judge(password, context=[local_part, domain, address])
    if not strength.acceptable:
        advice = " ".join(strength.advice)
        raise InvalidInput(f"{strength.label}. {advice}".strip(), field=PASSWORD)


async def check_queue(database: Database, account: str, address: str) -> None:
    """Raises DeletionOpen where a deletion would take the new mailbox for the old one."""
    async with database.reading() as session:
        queued = await deletions.blocking(session, Target(account, TargetKind.USER, address))
    if queued is not None:
        raise DeletionOpen(
            f"The deletion of {address} is queued: cancel the deletion first."
            if queued.state.is_open
            else f"A deletion of {address} has failed and can still be tried again: drop it first, in /mail-pending history.",
            deletion_id=queued.id,
        )


def outcome(address: str) -> str:
    """What a form that has created a mail user came to."""
    return f"{address} was created."


async def create(provider: MailProvider, wanted: Wanted) -> UserCreated:
    """Create a mail user who is known not to be there, and read back. Raises WriteNotApplied and ProviderError.

    Whatever is short of what was wanted is told in `missing`: the mailbox is there, and its password has to be shown.
    """
    unclear: ProviderError | None = None
    try:
        await provider.create_user(wanted.address, wanted.password, admin=wanted.admin, quota=wanted.quota)
    except ProviderError as error:
        if not error.unclear:
            raise
        unclear = error
    try:
        there, details = await _look(provider, wanted.address)
    except ProviderError as error:
        # Where looking fails too, the unclear answer stands.
        raise unclear or error from None
    if unclear is not None and there is not True:
        raise unclear
    if there is False:
        raise WriteNotApplied(
            f"{provider.title} reported success, but {wanted.address} is not listed. Nothing was created.",
            expected="listed",
            found="not listed",
        )
    return UserCreated(
        provider.account,
        wanted.address,
        provider.title,
        verified=there is True,
        missing=_missing(wanted, details),
        details=details,
    )


async def _look(provider: MailProvider, address: str) -> tuple[bool | None, UserDetails]:
    if not provider.capabilities & {Capability.ADMIN_PRIVILEGE, Capability.QUOTA}:
        return await provider.user_exists(address), UNTOLD
    try:
        return True, (await provider.get_user(address)).details
    except NotFound:
        return False, UNTOLD


def _missing(wanted: Wanted, found: UserDetails) -> tuple[str, ...]:
    missing = []
    if wanted.admin and found.admin is not True:
        missing.append("It is not an administrator, though it was to be one: see /mail-admin.")
    if wanted.quota is not None and found.quota != wanted.quota:
        is_now = "unknown" if found.quota is None else quotas.limit(found.quota)
        missing.append(f"Its quota is {is_now}, and was to be {quotas.limit(wanted.quota)}: see /mail-quota.")
    return tuple(missing)
