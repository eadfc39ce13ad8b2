"""Messages that a channel must end up showing, whatever happens to Slack meanwhile."""

from bot.notices.delivery import Course, Delivery, Renderer
from bot.notices.outbox import want
from bot.notices.slack import Poster, Rendered, SlackPoster

__all__ = ["Course", "Delivery", "Poster", "Rendered", "Renderer", "SlackPoster", "want"]
