"""The parts that views and messages are built from, within Slack's limits (docs.slack.dev, reference/block-kit).

What came from outside (addresses, reasons, DNS records, errors of a mail system) goes into plain_text, rich_text or
raw_text, or through `escape` or `code` into mrkdwn: a `<!channel>` in a local part must not ping anybody.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from slack_sdk.models.blocks import (
    ActionsBlock,
    AlertBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    MarkdownTextObject,
    Option,
    PlainTextObject,
    RichTextBlock,
    SectionBlock,
)
from slack_sdk.models.blocks.block_elements import (
    InteractiveElement,
    RichTextElementParts,
    RichTextPreformattedElement,
)
from slack_sdk.models.views import View

TITLE = 24
BUTTON = 75
OPTION = 75
OPTION_VALUE = 150
SECTION = 3000
PREFORMATTED = 2500
"""Our own limit: Slack names none for rich text, and a message has one as a whole."""
ALERT = 200

PROBLEM = "problem"
"""block_id of the alert that says what went wrong."""

_MENTION = re.compile(r"&lt;([@#][A-Z0-9]{2,40})&gt;")
_BARE_MENTION = re.compile(r"<@[A-Z0-9]{2,40}>")


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, with an ellipsis where something is missing."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def escape(text: str, limit: int = SECTION) -> str:
    """For mrkdwn. The result has at most `limit` characters, counted after escaping, as Slack counts."""
    text = cut(text, limit)
    while len(escaped := _escape(text)) > limit:
        text = cut(text, len(text) - max(1, (len(escaped) - limit) // 5))
    return escaped


def code(text: str, limit: int = 320) -> str:
    """For mrkdwn: letter by letter, with no meaning of `_` and `*`."""
    return f"`{escape(text.replace('`', chr(39)).replace(chr(10), ' '), limit)}`"


def sentence(text: str, limit: int = SECTION) -> str:
    """A message of ours for mrkdwn, which may quote outside text: mentions of people and channels stay, else escaped."""
    return _MENTION.sub(r"<\1>", escape(text, limit))


def unmarked(text: str) -> str:
    """A message of ours where only plain text is possible."""
    return _BARE_MENTION.sub("another operator", text)


def plain(text: str, limit: int = SECTION) -> PlainTextObject:
    return PlainTextObject(text=cut(text, limit), emoji=False)


def mrkdwn(text: str) -> MarkdownTextObject:
    """`text` is escaped already. Addresses and host names in it don't become links."""
    return MarkdownTextObject(text=text, verbatim=True)


def date(at: datetime) -> str:
    """For mrkdwn: each reader sees it in their own time zone."""
    fallback = at.strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{fallback}>"


def duration(length: timedelta) -> str:
    """`23 h 59 min`, `3 d 4 h`, `24 hours`: as exact as a person needs it."""
    minutes = max(0, round(length.total_seconds() / 60))
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if minutes >= 2 * 1440:
        return f"{days} d {hours} h" if hours else f"{days} days"
    hours = minutes // 60
    if hours and rest:
        return f"{hours} h {rest} min"
    if hours:
        return f"{hours} hours" if hours > 1 else "1 hour"
    return f"{rest} min"


def header(text: str) -> Block:
    return HeaderBlock(text=plain(text, 150))


def section(
    text: str, *, accessory: InteractiveElement | None = None, block_id: str | None = None
) -> SectionBlock:
    """Text in mrkdwn, escaped already."""
    return SectionBlock(text=mrkdwn(text), accessory=accessory, block_id=block_id)


def words(text: str, *, block_id: str | None = None) -> SectionBlock:
    """Text from anywhere, shown as it is."""
    return SectionBlock(text=plain(text), block_id=block_id)


def context(text: str, *, block_id: str | None = None) -> Block:
    """Small print in mrkdwn, escaped already."""
    return ContextBlock(elements=[mrkdwn(text)], block_id=block_id)


def divider() -> Block:
    return DividerBlock()


def preformatted(text: str, *, block_id: str | None = None) -> Block:
    """Text from anywhere, ready to be copied."""
    return RichTextBlock(
        block_id=block_id,
        elements=[
            RichTextPreformattedElement(elements=[RichTextElementParts.Text(text=cut(text, PREFORMATTED))])
        ],
    )


def actions(*elements: InteractiveElement, block_id: str | None = None) -> Block:
    return ActionsBlock(elements=list(elements), block_id=block_id)


def button(
    text: str,
    action_id: str,
    *,
    value: str = "-",
    style: str | None = None,
    confirm: ConfirmObject | None = None,
    about: str = "",
) -> ButtonElement:
    """`about`: what it is for, where several have the same text; screen readers say it after the text."""
    return ButtonElement(
        text=plain(text, BUTTON),
        action_id=action_id,
        value=value,
        style=style,
        confirm=confirm,
        accessibility_label=cut(f"{text.rstrip(' …')} {about}", BUTTON) if about else None,
    )


def option(text: str, value: str) -> Option:
    return Option(text=plain(text, OPTION), value=value)


def problem(message: str) -> list[Block]:
    """For the top of a modal: what went wrong. An alert holds 200 characters; what is longer goes below it."""
    text = sentence(message)
    if len(text) <= ALERT:
        return [AlertBlock(text=mrkdwn(text), level="error", block_id=PROBLEM)]
    return [
        AlertBlock(text=mrkdwn("This did not work."), level="error", block_id=PROBLEM),
        section(text, block_id=f"{PROBLEM}_text"),
    ]


def success(message: str) -> Block:
    return AlertBlock(text=mrkdwn(sentence(message, ALERT)), level="success")


def warning(message: str) -> Block:
    return AlertBlock(text=mrkdwn(sentence(message, ALERT)), level="warning")


def modal(
    title: str,
    blocks: Sequence[Block],
    *,
    callback_id: str,
    submit: str | None = None,
    close: str = "Close",
    metadata: str = "",
    tells: bool = False,
) -> View:
    """`tells`: Slack tells the bot when the person closes it."""
    return View(
        type="modal",
        callback_id=callback_id,
        title=PlainTextObject(text=cut(title, TITLE)),
        submit=None if submit is None else PlainTextObject(text=submit),
        close=PlainTextObject(text=close),
        blocks=list(blocks),
        private_metadata=metadata,
        notify_on_close=tells or None,
    )


def pager(action_id: str, *, offset: int, size: int, matching: int) -> list[Block]:
    """Buttons to the page before and the page after, where there are any; their value is its offset."""
    pages = -(-matching // size)
    if pages <= 1:
        return []
    buttons = []
    if offset > 0:
        buttons.append(button("← Previous", f"{action_id}.previous", value=str(max(0, offset - size))))
    if offset + size < matching:
        buttons.append(button("Next →", f"{action_id}.next", value=str(offset + size)))
    return [context(f"Page {offset // size + 1} of {pages}"), actions(*buttons)]


def pager_pattern(action_id: str) -> re.Pattern[str]:
    """Matches both buttons of a pager."""
    return re.compile(rf"{re.escape(action_id)}\.(previous|next)")


def _escape(text: str) -> str:
    """All that Slack asks for (docs.slack.dev, messaging/formatting-message-text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
