"""Messages that a channel must end up showing, whatever happens to Slack meanwhile."""

from bot.notices.delivery import GAP, Delivery
from bot.notices.kinds import Course, Renderer, Stuck
from bot.notices.outbox import want, want_again
from bot.notices.slack import (
    EVENT_TYPE,
    Label,
    NotDelivered,
    Poster,
    Rendered,
    SlackPoster,
    Uploader,
    try_to_upload,
)

__all__ = [
    "EVENT_TYPE",
    "GAP",
    "Course",
    "Delivery",
    "Label",
    "NotDelivered",
    "Poster",
    "Rendered",
    "Renderer",
    "SlackPoster",
    "Stuck",
    "Uploader",
    "try_to_upload",
    "want",
    "want_again",
]
