"""What follows /mail-audit: whose acts, on what, since when."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot.audit import THE_CLOCK, Act
from bot.storage.audit import AuditFilter
from handlers import blocks, dns_words

_MENTION = re.compile(r"<@([uw][a-z0-9]{2,40})(?:\|([^>]*))?>")
_LINK = re.compile(r"<https?://([^>|]+)(?:\|[^>]*)?>")
_AGO = re.compile(r"([0-9]{1,4})\s?(h|d|w)")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "create bulk": "Creating mail users",
        "password": "Passwords",
        "app_password": "App passwords",
        "reset_method option": "Password resets and other options",
        "two_factor": "Two-factor login",
        "quota admin": "Quotas and administrators",
        "rename": "Renaming",
        "deletion": "Deletions",
        "restore": "Restoring",
        "domain": "Domains",
        "route": "Routing rules",
        "dns": "Muting DNS messages",
        "operator": "Operators",
        "audit": "Exports of the audit trail",
    }
)
"""What acts are about, by how the acts of the kind begin."""

HOW = "Name a mail user, a domain or an @operator, and since when: `7d`, `24h`, `today` or `2026-11-01`."


@dataclass(frozen=True, slots=True)
class Query:
    """What a person asks for. `target`: an address or a domain; `actor`: a Slack id, or that of the clock; "" for any.

    `kind`: one of KINDS, "" for any. `since`: a day in the operators' time zone, or a moment. `unknown`: a word that makes no sense here.
    """

    target: str = ""
    actor: str = ""
    since: date | datetime | None = None
    unknown: str = ""
    kind: str = ""

    def filter(self, zone: ZoneInfo) -> AuditFilter:
        since = self.since
        if since is not None and not isinstance(since, datetime):
            since = datetime.combine(since, time(), zone)
        # Domains are kept in ASCII; who writes one in another script means the same.
        local_part, at, domain = self.target.rpartition("@")
        names = (self.target, f"{local_part}{at}{dns_words.ascii_name(domain)}") if domain else ()
        return AuditFilter(tuple(dict.fromkeys(names)), self.actor, since, acts=acts_of(self.kind))

    @property
    def words(self) -> str:
        """In plain text, for a file and the record; "" for everything."""
        parts = [KINDS[self.kind]] if self.kind in KINDS else []
        if self.target:
            parts.append(f"about {self.target}")
        if self.actor:
            parts.append(f"by {self.actor}")
        if self.since is not None:
            parts.append(f"since {self.since}")
        return " ".join(parts)

    @property
    def shown(self) -> str:
        """In mrkdwn, after "Entries"; "" for everything."""
        parts = [f" of the kind “{KINDS[self.kind]}”"] if self.kind in KINDS else []
        if self.target:
            parts.append(f" about {blocks.code(self.target)}")
        if self.actor:
            parts.append(" by Mailwarden itself" if self.actor == THE_CLOCK else f" by <@{self.actor}>")
        if isinstance(self.since, datetime):
            parts.append(f" since {blocks.date(self.since)}")
        elif self.since is not None:
            parts.append(f" since {self.since}")
        return "".join(parts)


def acts_of(kind: str) -> tuple[str, ...]:
    """None for a kind that is none: then every act is meant."""
    return tuple(act.value for act in Act if kind in KINDS and act.value.startswith(tuple(kind.split())))


def read(text: str, now: datetime, zone: ZoneInfo) -> Query:
    """`text` in lower case, as a command has it. Each kind counts once; the last one wins."""
    query = Query()
    for word in text.split():
        mention, link = _MENTION.fullmatch(word), _LINK.fullmatch(word)
        since = read_since(word, now, zone)
        if mention is not None:
            query = replace(query, actor=THE_CLOCK if mention[2] == THE_CLOCK else mention[1].upper())
        elif since is not None:
            query = replace(query, since=since)
        elif word.lstrip("@") == THE_CLOCK:
            query = replace(query, actor=THE_CLOCK)
        elif link is not None:
            query = replace(query, target=link[1].strip("/"))
        elif word == "since":
            continue
        elif word.startswith("@") or "." not in word:
            query = replace(query, unknown=word)
        else:
            query = replace(query, target=word)
    return query


def read_since(word: str, now: datetime, zone: ZoneInfo) -> date | datetime | None:
    """`24h` is a moment; `7d`, `2w`, `today`, `yesterday` and `2026-11-01` are days in `zone`."""
    today = now.astimezone(zone).date()
    if word in {"today", "yesterday"}:
        return today - timedelta(days=word == "yesterday")
    ago = _AGO.fullmatch(word)
    if ago is not None:
        length = int(ago[1]) * _UNITS[ago[2]]
        return now - length if ago[2] == "h" else today - length
    try:
        return date.fromisoformat(word) if word[:1].isdigit() else None
    except ValueError:
        return None
