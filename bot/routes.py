"""Routing rules and aliases as values: which addresses one is about, and which of them another one is about, too.

PurelyMail (https://purelymail.com/docs/routing) and the Postfix of a box (virtual(5)) apply them alike: a rule comes before
the mailbox of the same address, an exact one before a prefix, and a longer prefix before a shorter one.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.model import Capability
from bot.providers.base import RoutingRule

CAPABILITIES = frozenset({Capability.ROUTING_RULES, Capability.ALIASES})
"""One of them is needed."""


class RouteKind(StrEnum):
    """Which addresses of a domain a rule is about."""

    EXACT = "exact"
    PREFIX = "prefix"
    CATCH_ALL = "catch_all"
    """All that are no mail users."""
    ANY = "any"
    """All, those of mail users too."""

    @classmethod
    def of(cls, rule: RoutingRule) -> "RouteKind":
        if not rule.prefix:
            return cls.EXACT
        if rule.match:
            return cls.PREFIX
        return cls.CATCH_ALL if rule.catchall else cls.ANY


KINDS: Mapping[Capability, frozenset[RouteKind]] = {
    Capability.ROUTING_RULES: frozenset(RouteKind),
    Capability.ALIASES: frozenset({RouteKind.EXACT, RouteKind.CATCH_ALL}),
}
"""What an account can have that has the capability."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A rule to be. `match` is a local part or the beginning of one, "" where the kind needs none."""

    account: str
    domain: str
    kind: RouteKind
    match: str
    targets: tuple[str, ...]

    @property
    def rule(self) -> RoutingRule:
        return RoutingRule(
            "",
            self.domain,
            self.match,
            prefix=self.kind is not RouteKind.EXACT,
            catchall=self.kind is RouteKind.CATCH_ALL,
            targets=self.targets,
        )

    @property
    def fingerprint(self) -> str:
        """The same exactly for the same rule on the same account."""
        return hashlib.sha256(f"{self.account} {self.rule.content}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Listing:
    """The rules of an account as of `at`; None if they were never read. `error`: why they could not be read just now."""

    account: str
    rules: tuple[RoutingRule, ...]
    at: datetime | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a new rule would come to.

    `robbed`: the first of the mail users whose mail it takes, `robbed_count` all of them; none of them is a target.
    `stronger`: rules that go on applying to some of the addresses, since they are more specific; `weaker`: those that it
    takes some from. `unknown`: targets on domains of ours that nobody has. `circular`: targets that are no mail users,
    and whose mail the rule sends to themselves. `leaving`: the domain itself is queued for deletion.
    """

    account: str
    rule: RoutingRule
    robbed: tuple[str, ...] = ()
    robbed_count: int = 0
    stronger: tuple[RoutingRule, ...] = ()
    weaker: tuple[RoutingRule, ...] = ()
    unknown: tuple[str, ...] = ()
    circular: tuple[str, ...] = ()
    leaving: bool = False


def matches(rule: RoutingRule, address: str) -> bool:
    """Whether the rule is about that address, if it is no mail user."""
    local_part, _, domain = address.rpartition("@")
    if domain != rule.domain:
        return False
    return local_part.startswith(rule.match) if rule.prefix else local_part == rule.match


def same_pattern(one: RoutingRule, other: RoutingRule) -> bool:
    """Whether there can't be both: "the same user/prefix", as PurelyMail's document puts it."""
    return (one.domain, one.prefix, one.match) == (other.domain, other.prefix, other.match)


def overlap(one: RoutingRule, other: RoutingRule) -> bool:
    """Whether some address is matched by both."""
    if one.domain != other.domain:
        return False
    if not one.prefix and not other.prefix:
        return one.match == other.match
    if one.prefix and other.prefix:
        return one.match.startswith(other.match) or other.match.startswith(one.match)
    exact, prefix = (other, one) if one.prefix else (one, other)
    return exact.match.startswith(prefix.match)


def is_stronger(one: RoutingRule, other: RoutingRule) -> bool:
    """Which of two that overlap applies where both match."""
    return (not one.prefix, len(one.match)) > (not other.prefix, len(other.match))


def find(rules: Iterable[RoutingRule], wanted: RoutingRule) -> RoutingRule | None:
    """The rule that is about exactly the same addresses."""
    return next((rule for rule in rules if same_pattern(rule, wanted)), None)
