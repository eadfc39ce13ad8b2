"""How messages about domains look that broke, are good again, or could not be looked at.

Made from the rows as they stand when the message is sent. `text` says the same to notifications and screen readers.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from slack_sdk.models.blocks import Block

from bot.dns.announcements import Announcement, Name
from bot.dns.confirmation import FLAPS, QUIET, Turn
from bot.model import AlertKind, Grade
from bot.notices import Rendered
from bot.storage.alerts import AlertItem
from handlers import blocks
from handlers.dns_alert_buttons import buttons
from handlers.dns_words import MARKS, NAMES, readable

NAMED = 12
"""Domains that are named; the others are counted."""

NAME = 60
SENTENCE = 500
ROOM = 9_000
"""Characters: all texts of a message together are limited to about 13,000."""

_RESTLESS = "It comes and goes."

TEXT = 3_500
"""chat.update takes 4,000 characters; some room is left for escaping."""


def render_alert(told: Announcement | None, now: datetime) -> Rendered | None:
    if told is None:
        return None
    match told.alert.kind:
        case AlertKind.BAD:
            return _bad(told, now)
        case AlertKind.GOOD:
            return _good(told)
        case AlertKind.BLIND:
            return _blind(told)


def _bad(told: Announcement, now: datetime) -> Rendered | None:
    items = told.alert.items
    if not items:
        return None
    left = [item for item in items if item.over_at is None]
    headline = _headline(told, left)
    lines = [_cause(told, cause) for cause in _causes(items)]
    shown = _fitting(lines)
    parts: list[Block] = [blocks.section(headline), *(blocks.section(line) for line in shown)]
    if len(shown) < len(lines):
        shown.append(f"{len(lines) - len(shown)} more problems: see /mail-dns.")
        parts.append(blocks.context(shown[-1]))
    muted = _muted(told, now)
    if muted is not None:
        parts.append(blocks.context(muted))
    if left:
        parts.append(buttons(told.alert.id, muted=muted is not None))
    text = "\n".join(filter(None, [headline, *shown, muted]))
    # What was never told needs no end.
    return Rendered(blocks.cut(text, TEXT), parts, correction=not left)


def _good(told: Announcement) -> Rendered | None:
    items = told.alert.items
    if not items:
        return None
    warned = sum(grade is Grade.WARN for grade in told.grades.values())
    if len(items) == 1:
        line = f"{MARKS[Grade.OK]} {_bold(items[0])} is good again since {blocks.date(items[0].since)}."
        line += " It still has warnings: see /mail-dns." if warned else ""
    else:
        line = (
            f"{MARKS[Grade.OK]} *{len(items)} domains* are good again since {blocks.date(_first(items))}: "
            f"{_list(items)}."
        )
        if warned:
            line += f" Of these, {warned} still {'has' if warned == 1 else 'have'} warnings: see /mail-dns."
    return Rendered(line, [blocks.section(line)])


def _blind(told: Announcement) -> Rendered:
    since, until = told.alert.raised_at, told.alert.over_at
    if until is None:
        line = (
            f"{MARKS[Grade.UNKNOWN]} *DNS could not be checked since {blocks.date(since)}*, and nothing that is shown of "
            "domains is newer. No resolver finds even the mail systems' own names: see to the network, or to "
            "`dns.resolvers` in mailwarden.toml. This message says when it is over."
        )
    else:
        line = (
            f"{MARKS[Grade.OK]} DNS could not be checked from {blocks.date(since)} until {blocks.date(until)}. "
            "Since then it is looked at again."
        )
    return Rendered(line, [blocks.section(line)], correction=until is not None)


def _headline(told: Announcement, left: Sequence[AlertItem]) -> str:
    names = sorted(told.names)
    if not left:
        return _ended(told, names)
    bad = {(item.account, item.domain) for item in left}
    flapping = all(item.turn == Turn.FLAPPING for item in left)
    what = "comes and goes in DNS" if flapping else "is broken in DNS"
    if len(names) == 1:
        return f"{MARKS[Grade.FAIL]} {_bold_name(names[0][1])} {what}."
    what = "come and go in DNS" if flapping else "are broken in DNS"
    if len(bad) == len(names):
        return f"{MARKS[Grade.FAIL]} *{len(names)} domains* {what}."
    over = _ending(told, [item for item in told.alert.items if (item.account, item.domain) not in bad])
    return f"{MARKS[Grade.FAIL]} *{len(bad)} of {len(names)} domains* {what}; the others are {over}."


def _ended(told: Announcement, names: Sequence[Name]) -> str:
    over = max(item.over_at for item in told.alert.items if item.over_at is not None)
    one = len(names) == 1
    if all(_is_good(told, name) for name in names):
        who = _bold_name(names[0][1]) if one else f"All *{len(names)} domains*"
        return f"{MARKS[Grade.OK]} {who} {'is' if one else 'are'} good again since {blocks.date(over)}."
    who = _bold_name(names[0][1]) if one else f"*{len(names)} domains*"
    return (
        f"{MARKS[Grade.UNKNOWN]} This, of {who}, is over since {blocks.date(over)}, but not all was good then: "
        "see /mail-dns."
    )


def _causes(items: Iterable[AlertItem]) -> list[list[AlertItem]]:
    """What is the same together; most domains first."""
    found: dict[tuple[str, str, bool], list[AlertItem]] = {}
    for item in items:
        key = (item.subject.value, item.tag, item.turn == Turn.FLAPPING)
        found.setdefault(key, []).append(item)
    return sorted(found.values(), key=lambda cause: (-len(cause), cause[0].subject, cause[0].tag))


def _cause(told: Announcement, cause: Sequence[AlertItem]) -> str:
    if len(cause) == 1:
        return _one(told, cause[0])
    left = [item for item in cause if item.over_at is None]
    over = [item for item in cause if item.over_at is not None]
    shown = left or over
    what = f"*{len(cause)} domains*, {NAMES[cause[0].subject]}: {blocks.escape(_in_common(shown), SENTENCE)}"
    told_of = [f"{what} {_since(shown)}", f"{_list(left)}."] if left else [_struck(what)]
    told_of += _explained(told, left)
    if over:
        newest = max(item.over_at for item in over if item.over_at is not None)
        number = f"All {len(over)}" if not left else f"{len(over)} of {len(cause)}"
        told_of.append(f"{number} {_ending(told, over)} (the last {blocks.date(newest)}): {_list(over)}.")
    return "\n".join(told_of)


def _one(told: Announcement, item: AlertItem) -> str:
    what = f"*{NAMES[item.subject]}*: {blocks.escape(item.summary or _RESTLESS, SENTENCE)}"
    if len(told.names) > 1 and readable(item.domain) not in item.summary:
        what = f"{_code(item)}, {what}"
    if item.over_at is not None:
        return f"{_struck(what)} {_ending(told, [item]).capitalize()} {blocks.date(item.over_at)}."
    return " ".join([what, _since([item]), *_explained(told, [item])])


def _since(items: Sequence[AlertItem]) -> str:
    since = blocks.date(_first(items))
    if items[0].turn == Turn.FLAPPING:
        return (
            f"More than {FLAPS} changes within {QUIET.days} days. What it does next is told when it has been steady for "
            "as long."
        )
    if items[0].turn == Turn.STEADY:
        return f"It no longer comes and goes, but stays like that, since {since}."
    return (
        f"Since {since}, seen twice."
        if len(items) == 1
        else f"Since {since} at the earliest, each seen twice."
    )


def _explained(told: Announcement, items: Sequence[AlertItem]) -> list[str]:
    """What it means for mail, where all that is known of it says the same."""
    why = {_without(told.why[item], item.domain) for item in items if item in told.why}
    if len(items) == 1:
        why = {told.why.get(items[0], "")}
    return [blocks.escape(why.pop(), SENTENCE)] if len(why) == 1 and "" not in why else []


def _ending(told: Announcement, items: Collection[AlertItem]) -> str:
    """Of what is over: a domain of which something else is wrong is not called good."""
    good = all(_is_good(told, (item.account, item.domain)) for item in items)
    return "good again" if good else "no longer so"


def _is_good(told: Announcement, name: Name) -> bool:
    """Also with warnings; not where something else fails, or may fail."""
    return told.grades.get(name) not in {Grade.FAIL, Grade.UNKNOWN}


def _in_common(items: Sequence[AlertItem]) -> str:
    """What all of them have, in one sentence."""
    told = {_without(item.summary, item.domain) for item in items}
    if len(told) == 1:
        sentence = told.pop() or _RESTLESS
        return sentence[:1].upper() + sentence[1:]
    return f"for example, {items[0].summary}"


def _without(sentence: str, domain: str) -> str:
    """A sentence about one domain as one about any."""
    own = re.compile(rf"(?<![\w.-])((?:[\w-]+\.)*){re.escape(domain)}(?![\w-])", re.IGNORECASE)
    return own.sub(
        lambda found: f"{found[1].rstrip('.')} of the domain" if found[1] else "the domain", sentence
    )


def _muted(told: Announcement, now: datetime) -> str | None:
    mutes = [mute for mute in told.mutes.values() if mute.until > now]
    if not mutes:
        return None
    longest = max(mutes, key=lambda mute: mute.until)
    by = ", ".join(f"<@{who}>" for who in sorted({mute.by for mute in mutes}))
    if len(mutes) == len(told.names):
        return f"🔕 Muted until {blocks.date(longest.until)} by {by}: nothing new is told before."
    return f"🔕 {len(mutes)} of {len(told.names)} are muted by {by}, until {blocks.date(longest.until)} at the latest."


def _list(items: Sequence[AlertItem]) -> str:
    names = list(dict.fromkeys(_code(item) for item in items))
    shown = ", ".join(names[:NAMED])
    return f"{shown} and {len(names) - NAMED} more" if len(names) > NAMED else shown


def _fitting(lines: Sequence[str]) -> list[str]:
    shown: list[str] = []
    for line in lines:
        if sum(map(len, shown)) + len(line) > ROOM:
            break
        shown.append(line)
    return shown


def _first(items: Sequence[AlertItem]) -> datetime:
    return min(item.since for item in items)


def _struck(text: str) -> str:
    return "~" + text.replace("~", "\N{TILDE OPERATOR}") + "~"


def _code(item: AlertItem) -> str:
    return blocks.code(blocks.cut(readable(item.domain), NAME))


def _bold(item: AlertItem) -> str:
    return _bold_name(item.domain)


def _bold_name(domain: str) -> str:
    return f"*{blocks.escape(readable(domain), 260)}*"
