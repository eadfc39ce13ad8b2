"""The longest and nastiest realistic content for windows and messages, and what Slack would parse of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.model import (
    Deletion,
    DeletionState,
    DnsRecord,
    DomainHealth,
    Finding,
    Grade,
    ProviderVerdict,
    Subject,
    Target,
    TargetKind,
)
from bot.notices import Rendered

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
PING = "<!channel>"
ACCOUNT = "a" * 32
DOMAIN = f"{'d' * 60}.{'e' * 60}.{'f' * 60}.example.org"
ADDRESS = f"a_*`&{PING}{'x' * 48}@{DOMAIN}"
MESSAGE = f"<@U0ADA> said & {PING} " * 100


def a_deletion(state: DeletionState, number: int = 0) -> Deletion:
    held = state is DeletionState.HELD
    noticed = state is not DeletionState.REQUESTED
    return Deletion(
        id=f"{number:032x}",
        request_id="r" * 32,
        target=Target(ACCOUNT, TargetKind.USER, ADDRESS),
        label=ADDRESS,
        reason=(PING * 20)[:200],
        requested_by="U0ADA",
        requested_at=NOW,
        grace=timedelta(hours=24),
        state=state,
        notice_channel="C0MAILOPS",
        notice_ts="1234567890.000001" if noticed else None,
        noticed_at=NOW if noticed else None,
        execute_at=NOW + timedelta(hours=23) if noticed and not held else None,
        hold_id="h" * 32 if held else None,
        last_error=MESSAGE,
        can_retry=state is DeletionState.FAILED,
        finished_at=None if state.is_open else NOW,
        cancelled_by="U0BEN",
    )


def a_health(number: int) -> DomainHealth:
    grade = list(Grade)[number % len(Grade)]
    records = (
        DnsRecord(DOMAIN, "TXT", f"v=spf1 {'include:x ' * 40}~all"),
        DnsRecord(DOMAIN, "MX", f"mail.{DOMAIN}", 10),
    )
    findings = tuple(
        Finding(
            subject,
            "TAG",
            grade,
            f"{PING} is wrong. " * 20,
            f"{PING} " * 60,
            (f"{PING} found " * 30,) * 4,
            records,
        )
        for subject in Subject
        for _ in range(3)
    )
    verdict = ProviderVerdict(mx=True, spf=False, dkim=True, dmarc=False)
    return DomainHealth(ACCOUNT if number % 2 else "b", f"n{number}.{DOMAIN}", NOW, findings, verdict)


def mrkdwn(shown: Any) -> str:
    """All texts of blocks that Slack parses."""
    if isinstance(shown, dict):
        if shown.get("type") == "mrkdwn":
            return str(shown["text"])
        return "\n".join(map(mrkdwn, shown.values()))
    return "\n".join(map(mrkdwn, shown)) if isinstance(shown, list) else ""


def broken_entities(shown: Any) -> list[str]:
    """What follows an ampersand that is no whole escaped character: one was cut in two."""
    parts = mrkdwn(shown).split("&")[1:]
    return [part[:20] for part in parts if not part.startswith(("amp;", "lt;", "gt;"))]


def raw(message: Rendered) -> list[dict[str, Any]]:
    """The blocks as Slack gets them."""
    return [block if isinstance(block, dict) else block.to_dict() for block in message.blocks]
