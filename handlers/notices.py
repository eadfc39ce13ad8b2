"""Which renderer makes which message of the outbox."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.dns.digest_json import from_json
from bot.model import NoticeKind
from bot.notices import Rendered, Renderer
from handlers.bulk_words import render_stop
from handlers.credit import render_low_credit
from handlers.deletion_notices import render_hold, render_reminder, render_request, render_trouble
from handlers.digest import digest_message
from handlers.dns_alerts import render_alert
from handlers.operator_notices import render_change
from handlers.outages import render_outage, render_outage_over


def render_digest(content: dict[str, Any], _now: datetime) -> Rendered:
    return digest_message(from_json(content))


RENDERERS: Mapping[NoticeKind, Renderer] = {
    NoticeKind.DELETION: render_request,
    NoticeKind.REMINDER: render_reminder,
    NoticeKind.HOLD: render_hold,
    NoticeKind.TROUBLE: render_trouble,
    NoticeKind.TROUBLE_DIRECT: render_trouble,
    NoticeKind.DIGEST: render_digest,
    NoticeKind.DNS_ALERT: render_alert,
    NoticeKind.BULK_STOPPED: render_stop,
    NoticeKind.OPERATORS: render_change,
    NoticeKind.OUTAGE: render_outage,
    NoticeKind.OUTAGE_OVER: render_outage_over,
    NoticeKind.LOW_CREDIT: render_low_credit,
}
