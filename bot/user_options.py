"""What can be set for a mail user beside its password: search indexing, and how it gets back in without its password.

Every write is read back before anybody is told that it was done.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from enum import StrEnum

from bot import addresses
from bot.audit import Act
from bot.clock import Clock
from bot.errors import AlreadyExists, InvalidInput, NotFound, NotPossible, ProviderError, WriteNotApplied
from bot.model import Capability, Operator
from bot.providers.base import MailProvider, ResetKind, ResetMethod, UserState
from bot.storage.database import Database
from bot.writes import Writes

TARGET = "reset_target"
DESCRIPTION = "reset_description"
"""The names of form fields."""

LONGEST_DESCRIPTION = 100

_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
"""E.164: at most 15 digits, the country's first."""
_PUNCTUATION = re.compile(r"[\s().\-/]+")


class Option(StrEnum):
    """What is on or off. The values are on record in the audit trail."""

    SEARCH_INDEXING = "search indexing"
    PASSWORD_RESET = "password reset"  # noqa: S105 - the name of an option

    @property
    def capability(self) -> Capability:
        return {
            Option.SEARCH_INDEXING: Capability.SEARCH_INDEXING,
            Option.PASSWORD_RESET: Capability.PASSWORD_RESET,
        }[self]

    def state(self, user: UserState) -> bool | None:
        """How it stands for a user; None if the mail system says nothing of it."""
        return {
            Option.SEARCH_INDEXING: user.search_indexing,
            Option.PASSWORD_RESET: user.password_reset,
        }[self]


class UserOptions:
    def __init__(self, *, database: Database, clock: Clock, providers: Mapping[str, MailProvider]) -> None:
        self._providers = providers
        self._writes = Writes(database=database, clock=clock)

    async def switch(
        self, operator: Operator, *, nonce: str, account: str, address: str, option: Option, on: bool
    ) -> UserState:
        """Switch an option, and return what a read-back shows.

        Raises NotFound, NotPossible, AlreadySubmitted, ProviderError, and WriteNotApplied where the mail system said
        success and changed nothing.
        """
        provider = self._able(account, option.capability)
        wanted = f"{option} {_word(on=on)}"
        async with self._writes.once(
            operator, nonce, account, address, Act.OPTION_ASKED, Act.OPTION_FAILED, wanted
        ):
            await self._writes.must_exist(provider, address)
            switch = (
                provider.set_search_indexing
                if option is Option.SEARCH_INDEXING
                else provider.set_password_reset
            )
            state = await self._write(provider, address, lambda: switch(address, enabled=on))
            if option.state(state) is not on:
                found = _word(on=option.state(state))
                raise WriteNotApplied(
                    f"{provider.title} did not apply it: {option} of {address} should be {_word(on=on)}, and is {found}.",
                    expected=_word(on=on),
                    found=found,
                )
            await self._writes.done(
                operator,
                nonce,
                account,
                address,
                Act.OPTION_SET,
                outcome=f"For {address}, {option} is now {_word(on=on)}.",
                detail=wanted,
                there=True,
            )
        return state

    async def add_method(
        self, operator: Operator, *, nonce: str, account: str, address: str, method: ResetMethod
    ) -> UserState:
        """Add a way to reset a forgotten password, and return what a read-back shows.

        `method` as somebody typed it. Raises InvalidInput (TARGET, DESCRIPTION), AlreadyExists where there is one of that
        target, NotFound, NotPossible, AlreadySubmitted, WriteNotApplied and ProviderError.
        """
        provider = self._able(account, Capability.PASSWORD_RESET)
        method = check(method, address)
        detail = f"{method.kind} {method.target}"
        async with self._writes.once(
            operator,
            nonce,
            account,
            address,
            Act.RESET_METHOD_ASKED,
            Act.RESET_METHOD_FAILED,
            f"add {detail}",
        ):
            before = await self._state(provider, address)
            if _of(before, method.target) is not None:
                raise AlreadyExists(f"{method.target} is there already. To change it, remove it first.")
            state = await self._write(provider, address, lambda: provider.add_reset_method(address, method))
            found = _of(state, method.target)
            if found is None or not _alike(found, method):
                raise WriteNotApplied(
                    f"{provider.title} did not apply it: {method.target} "
                    f"{'is not listed' if found is None else 'is listed, and not as it was to be'}.",
                    expected=repr(method),
                    found=repr(found),
                )
            await self._writes.done(
                operator,
                nonce,
                account,
                address,
                Act.RESET_METHOD_ADDED,
                outcome=f"{method.target} was added for {address}.",
                detail=detail,
                there=True,
            )
        return state

    async def remove_method(
        self, operator: Operator, *, nonce: str, account: str, address: str, target: str
    ) -> UserState:
        """Remove the way of that target, and return what a read-back shows.

        Raises NotFound where there is none, NotPossible, AlreadySubmitted, WriteNotApplied and ProviderError.
        """
        provider = self._able(account, Capability.PASSWORD_RESET)
        async with self._writes.once(
            operator,
            nonce,
            account,
            address,
            Act.RESET_METHOD_ASKED,
            Act.RESET_METHOD_FAILED,
            f"remove {target}",
        ):
            before = await self._state(provider, address)
            if not target or not _lists(before, target):
                raise NotFound(f"{target or 'It'} is not there any more: somebody else has removed it.")
            state = await self._write(
                provider, address, lambda: provider.delete_reset_method(address, target)
            )
            if _lists(state, target):
                raise WriteNotApplied(
                    f"{provider.title} did not apply it: {target} is still listed.",
                    expected="not listed",
                    found="listed",
                )
            await self._writes.done(
                operator,
                nonce,
                account,
                address,
                Act.RESET_METHOD_REMOVED,
                outcome=f"{target} was removed from {address}.",
                detail=target,
                there=True,
            )
        return state

    def _able(self, account: str, capability: Capability) -> MailProvider:
        provider = self._providers[account]
        if capability not in provider.capabilities:
            raise NotPossible(f"{provider.title} has nothing like that for its mail users.")
        return provider

    async def _write(
        self, provider: MailProvider, address: str, write: Callable[[], Awaitable[None]]
    ) -> UserState:
        """The state after a write. Where its answer was unclear and looking fails too, that answer stands."""
        unclear: ProviderError | None = None
        try:
            await write()
        except ProviderError as error:
            if not error.unclear:
                raise
            unclear = error
        try:
            return await self._state(provider, address)
        except ProviderError as error:
            raise unclear or error from None

    async def _state(self, provider: MailProvider, address: str) -> UserState:
        try:
            return await provider.get_user(address)
        except NotFound:
            await self._writes.forget(provider.account, address)
            raise


def check(method: ResetMethod, address: str) -> ResetMethod:
    """The method as it is sent, of what was typed. Raises InvalidInput (TARGET, DESCRIPTION)."""
    description = " ".join(method.description.split())
    if len(description) > LONGEST_DESCRIPTION or not description.isprintable():
        raise InvalidInput(f"Use at most {LONGEST_DESCRIPTION} characters.", field=DESCRIPTION)
    return ResetMethod(
        method.kind,
        _email(method.target, address) if method.kind == ResetKind.EMAIL else _phone(method.target),
        description,
        method.resets_two_factor,
    )


def _email(typed: str, address: str) -> str:
    target = addresses.parse(typed)
    if target is None:
        raise InvalidInput("That is no e-mail address.", field=TARGET)
    if target == address:
        raise InvalidInput("Take another mailbox: this one can't be read without its password.", field=TARGET)
    return target


def _phone(typed: str) -> str:
    target = _PUNCTUATION.sub("", typed)
    if _PHONE.fullmatch(target) is None:
        raise InvalidInput(
            "Type the number with its country: + and 7 to 15 digits, such as +49 30 1234567.", field=TARGET
        )
    return target


def _of(state: UserState, target: str) -> ResetMethod | None:
    return next((method for method in state.reset_methods if _key(method.target) == _key(target)), None)


def _lists(state: UserState, target: str) -> bool:
    """Whether the target is there to the letter: what is removed goes by it."""
    return any(method.target == target for method in state.reset_methods)


def _alike(found: ResetMethod, wanted: ResetMethod) -> bool:
    return replace(found, target=wanted.target, description=found.description.strip()) == wanted


def _key(target: str) -> str:
    """The same for two ways to write one target: who set it elsewhere may have used capitals, or spaces in a number."""
    return target.strip().casefold() if "@" in target else _PUNCTUATION.sub("", target)


def _word(*, on: bool | None) -> str:
    if on is None:
        return "unknown"
    return "on" if on else "off"
