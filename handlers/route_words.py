"""Routing rules and aliases in words: what one does, what a new one would come to. In mrkdwn."""

from collections.abc import Sequence

from slack_sdk.models.blocks import Block

from bot.model import Capability
from bot.providers.base import RoutingRule
from bot.routes import Preview, RouteKind
from handlers import blocks

NAMED = 6
"""So many targets, or rules, are named; the others are counted."""

_WHOLE = {RouteKind.CATCH_ALL: "mail users left out", RouteKind.ANY: "mail users too"}
"""What rules about a whole domain differ in."""


def noun(offered: frozenset[Capability]) -> str:
    """What the accounts call it, in the plural."""
    if Capability.ALIASES not in offered:
        return "routing rules"
    return "routing rules and aliases" if Capability.ROUTING_RULES in offered else "aliases"


def entry(rule: RoutingRule) -> str:
    """`sales-*@acme.example` → `a@acme.example`, `b@acme.example`"""
    kind = RouteKind.of(rule)
    marks = [_WHOLE[kind]] if kind in _WHOLE else []
    if rule.automatic:
        marks.append("automatic")
    if rule.senders:
        marks.append(f"{len(rule.senders)} may send from it")
    beside = f"   _{', '.join(marks)}_" if marks else ""
    return f"{blocks.code(rule.pattern)} → {names(rule.targets) or 'nobody'}{beside}"


def does(rule: RoutingRule) -> str:
    """Mail to `sales-*@acme.example` goes to `a@acme.example` and `b@acme.example`."""
    return f"Mail to {blocks.code(rule.pattern)} goes to {names(rule.targets, 'and') or 'nobody'}."


def preview(seen: Preview, title: str) -> list[Block]:
    """What a new rule would come to. `title`: the mail system's name."""
    rule = seen.rule
    parts: list[Block] = [blocks.section(f"*Preview*   {does(rule)}\n{_meaning(rule)}")]
    parts += [blocks.section(f":warning: {told}") for told in _warnings(seen)]
    for rules, told in (
        (seen.stronger, "More specific, so that this one does not touch them"),
        (seen.weaker, "Less specific, so that this one comes before them"),
    ):
        if rules:
            parts.append(blocks.context(f"{told}: {_rules(rules)}"))
    parts.append(blocks.context(f"Nothing is changed at {blocks.escape(title, 100)} yet."))
    return parts


def names(addresses: Sequence[str], last: str = "") -> str:
    """`a`, `b` and 3 more. `last`: the word before the last one, where all are named."""
    shown = [blocks.code(address, 260) for address in addresses[:NAMED]]
    more = len(addresses) - NAMED
    if more > 0:
        return f"{', '.join(shown)} and {more} more"
    if last and len(shown) > 1:
        return f"{', '.join(shown[:-1])} {last} {shown[-1]}"
    return ", ".join(shown)


def _meaning(rule: RoutingRule) -> str:
    domain = blocks.code(rule.domain)
    match RouteKind.of(rule):
        case RouteKind.EXACT:
            return "That is this one address, and no other."
        case RouteKind.PREFIX:
            return f"That is every address of {domain} that begins with {blocks.code(rule.match)}."
        case RouteKind.CATCH_ALL:
            return f"That is every address of {domain} that is no mail user, mistyped ones too."
        case RouteKind.ANY:
            return f"That is every address of {domain}, those of mail users too."


def _warnings(seen: Preview) -> list[str]:
    told = []
    rule = seen.rule
    if seen.leaving:
        told.append(
            f"{blocks.code(rule.domain)} is queued for deletion. A rule that is new since then keeps it from being deleted: "
            "cancel that deletion, or leave the rule."
        )
    if seen.robbed and RouteKind.of(rule) is RouteKind.EXACT:
        told.append(
            f"{blocks.code(seen.robbed[0])} is a mail user: nothing arrives in its mailbox any more. To keep a copy there, "
            "name it among the targets."
        )
    elif seen.robbed:
        more = seen.robbed_count - len(seen.robbed)
        shown = ", ".join(blocks.code(address, 260) for address in seen.robbed)
        one = seen.robbed_count == 1
        told.append(
            f"Nothing arrives any more in the mailbox{'' if one else 'es'} of {seen.robbed_count} mail "
            f"user{'' if one else 's'}: {shown}{f' and {more} more' if more else ''}."
        )
    if seen.unknown:
        one = len(seen.unknown) == 1
        told.append(
            f"{names(seen.unknown, 'and')} {'is no mail user' if one else 'are no mail users'} here, as far as Mailwarden "
            "knows: mail to it may be refused."
        )
    if seen.circular:
        told.append(
            f"{names(seen.circular, 'and')} would get what the rule itself sends elsewhere, and no mail user is there: such "
            "mail goes round in circles."
        )
    return told


def _rules(rules: Sequence[RoutingRule]) -> str:
    shown = "; ".join(f"{blocks.code(rule.pattern, 200)} → {_few(rule.targets)}" for rule in rules[:NAMED])
    more = len(rules) - NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def _few(targets: Sequence[str]) -> str:
    if not targets:
        return "nobody"
    more = f" and {len(targets) - 1} more" if len(targets) > 1 else ""
    return f"{blocks.code(targets[0], 200)}{more}"
