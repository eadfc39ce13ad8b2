"""What a mail system is to the rest of the house, in our words.

Every method may raise, besides what it names: `ProviderUnavailable`, `ProviderUnauthorized`, `ProviderRefused` and
`ProviderConfused` (bot/errors.py). Writes are not verified here: that is done by bot/users.py and bot/deletions.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from bot.model import UNTOLD, Capability, DnsRecord, MailDomain, ProviderKind, UserDetails

NAMED_TARGETS = 3
"""How many targets of a routing rule its label names."""

LONGEST_LABEL = 400
"""Characters of a label, which is stored with a deletion."""


@dataclass(frozen=True, slots=True)
class UserListing:
    """The addresses of an account. `complete` is False where the server may have cut the list.

    `details` of those of whom the server tells some. `archived`: those who are no users any more, and whose mailboxes are
    kept; none of them is in `addresses`.
    """

    addresses: frozenset[str]
    complete: bool
    details: Mapping[str, UserDetails] = field(default_factory=dict)
    archived: frozenset[str] = frozenset()


class ResetKind(StrEnum):
    EMAIL = "email"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class ResetMethod:
    """A way to a new password for a mail user who has forgotten it: an address or a phone that a code is sent to.

    `kind`: a ResetKind, or one that only the mail system knows. `resets_two_factor`: whoever has the code may also switch
    2FA off.
    """

    kind: str
    target: str
    description: str = ""
    resets_two_factor: bool = True


@dataclass(frozen=True, slots=True)
class UserState:
    """What the mail system tells of one mail user; None where it says nothing.

    `password_reset`: whether the user may reset a forgotten password, by one of the `reset_methods`.
    """

    address: str
    two_factor: bool
    details: UserDetails = UNTOLD
    search_indexing: bool | None = None
    password_reset: bool | None = None
    reset_methods: tuple[ResetMethod, ...] = ()


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """Mail to the matching addresses of a domain goes to the targets instead.

    `match` is a local part, or its beginning where `prefix` is set; "" with `prefix` matches every address. A
    `catchall` rule leaves out the addresses that are mail users. `targets` are in the server's order.
    """

    id: str
    domain: str
    match: str
    prefix: bool
    catchall: bool
    targets: tuple[str, ...]
    senders: tuple[str, ...] = ()
    """Who else than the targets may send from the address, where the mail system knows that."""
    automatic: bool = False
    """The mail system makes and keeps it by itself: it can't be deleted."""

    @property
    def pattern(self) -> str:
        """Whose mail it is about: `sales-*@acme.example`."""
        return f"{self.match}{'*' if self.prefix else ''}@{self.domain}"

    @property
    def content(self) -> str:
        """All but the id, as one string: the same for two looks at a rule exactly if it does the same.

        The order of the targets does not count, since each of them gets the mail.
        """
        told = {
            "domain": self.domain,
            "match": self.match,
            "prefix": self.prefix,
            "catchall": self.catchall,
            "targets": sorted(self.targets),
        }
        if self.senders:
            told["senders"] = sorted(self.senders)
        return json.dumps(told, sort_keys=True)

    @property
    def label(self) -> str:
        """Plain text for people: `sales-*@acme.example → a@x.example, b@x.example`."""
        named = ", ".join(self.targets[:NAMED_TARGETS]) or "nobody"
        more = len(self.targets) - NAMED_TARGETS
        kind = " (catch-all)" if self.catchall else ""
        end = f"{f' and {more} more' if more > 0 else ''}{kind}"
        told = f"{self.pattern} → {named}"
        return (
            f"{told}{end}"
            if len(told) + len(end) <= LONGEST_LABEL
            else f"{told[: LONGEST_LABEL - 1 - len(end)]}…{end}"
        )


@dataclass(frozen=True, slots=True)
class DomainSettings:
    """The switches of a domain.

    `account_reset`: whoever publishes the ownership record in the domain's DNS can recover the whole account by it.
    `subaddressing`: mail to `name+anything@` (or another symbol) arrives at `name@`.
    """

    account_reset: bool
    subaddressing: bool


class MailProvider(Protocol):
    """One configured account of a mail system."""

    account: str
    kind: ProviderKind
    title: str
    """The system's name as people write it: `PurelyMail`."""
    login: str = ""
    """The mail user that the bot itself signs in as; "" where it is none."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What can be done there, as far as is known by now: some of it shows only in what the server answers."""

    async def list_users(self) -> UserListing:
        """All mail users of the account."""

    async def list_domains(self) -> list[MailDomain]:
        """All domains of the account, sorted by name."""

    async def list_routing_rules(self) -> list[RoutingRule]:
        """All routing rules of the account, sorted by domain and match."""

    async def recheck_dns(self, domain: str) -> None:
        """Have the mail system look at a domain's DNS afresh; `list_domains` then tells what it found.

        Nothing happens where the system keeps no verdict of its own.
        """

    async def ownership_code(self) -> str | None:
        """The TXT record by which the account's domains are known as its own; None where the system wants none."""

    async def dns_records(self) -> list[DnsRecord]:
        """The records that the mail system wants for its domains; none where it wants the same of everybody's."""

    async def protected_users(self) -> Mapping[str, str]:
        """The mail users whose deletion would lock out the bot or everybody, each with the reason as a sentence.

        Such are the bot's own login and the last administrator. They may change at any time: ask right before.
        """

    async def user_exists(self, address: str) -> bool | None:
        """Whether the address is a mail user there now; None where the answer can't be trusted either way."""

    async def get_user(self, address: str) -> UserState:
        """The state of one mail user. Raises NotFound if it is not listed (any more)."""

    async def create_user(
        self, address: str, password: str, *, admin: bool = False, quota: int | None = None
    ) -> None:
        """Create a mail user. `quota`: bytes, 0 for no limit, None for what the mail system gives by itself.

        Raises AlreadyExists where something else holds the address. What `admin` and `quota` came to has to be read back.
        """

    async def set_password(self, address: str, password: str) -> None:
        """Set a new password. It can't be read back: a return means that the mail system accepted it."""

    async def set_two_factor(self, address: str, *, required: bool) -> None:
        """Require 2FA for login, or no longer. Raises NotPossible."""

    async def set_admin(self, address: str, *, admin: bool) -> None:
        """Let the user administer the mail system, or no longer. Raises NotPossible."""

    async def set_quota(self, address: str, quota: int) -> None:
        """Limit the mailbox to so many bytes; 0 for no limit. Raises NotPossible."""

    async def add_domain(self, name: str) -> None:
        """Add a domain, whose ownership record the mail system looks for in DNS. Raises NotPossible."""

    async def domain_settings(self, name: str) -> DomainSettings:
        """The settings of one domain. Raises NotFound if it is not listed, and NotPossible."""

    async def set_domain_settings(self, name: str, settings: DomainSettings) -> None:
        """Set both switches of a domain. Raises NotPossible."""

    async def rename_user(self, address: str, new_address: str) -> None:
        """Give the mail user another address. Raises NotPossible."""

    async def set_search_indexing(self, address: str, *, enabled: bool) -> None:
        """Index the mailbox for searching, or no longer. Raises NotPossible."""

    async def set_password_reset(self, address: str, *, enabled: bool) -> None:
        """Let the user reset a forgotten password, or no longer. Raises NotPossible."""

    async def add_reset_method(self, address: str, method: ResetMethod) -> None:
        """Add a way to reset a forgotten password. Raises NotPossible."""

    async def delete_reset_method(self, address: str, target: str) -> None:
        """Remove the one of that target. Raises NotPossible."""

    async def create_app_password(self, address: str, name: str) -> str:
        """A further password of the user, which is never told again; "" where the mail system gave none.

        Raises NotPossible. It can't be read back: what is returned is all the proof there is.
        """

    async def delete_app_password(self, address: str, app_password: str) -> None:
        """Take a further password away. It can't be read back, as for `set_password`. Raises NotPossible."""

    async def delete_user(self, address: str) -> None:
        """Delete the mail user and its mailbox, at once and for good."""

    async def delete_domain(self, name: str) -> None:
        """Delete the domain with all its mail users and routing rules, at once and for good. Raises NotPossible."""

    async def credit(self) -> Decimal:
        """What is left of what was paid for the account, in US dollars. Raises NotPossible."""

    async def create_routing_rule(self, rule: RoutingRule) -> None:
        """Create a routing rule with that content; its id is the mail system's to give, and told by the list alone.

        Raises NotPossible for one that can't be had there, and AlreadyExists where the answer says that another one has the
        same pattern: look before, for it may be a refusal in other words.
        """

    async def delete_routing_rule(self, rule_id: str) -> None:
        """Delete the routing rule. Raises NotFound for an id that none of the account's rules can have."""

    async def aclose(self) -> None:
        """Let go of the connections."""
