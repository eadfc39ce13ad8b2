"""A file for one person's eyes: uploaded, and shared in their direct messages with the bot."""

from slack_sdk.errors import SlackApiError

from bot.errors import OperatorError
from handlers import blocks
from handlers.payloads import error_code
from handlers.turn import Turn


async def hand_over(turn: Turn, name: str, content: bytes, *, title: str, text: str) -> None:
    """Send the person of this turn a file (docs.slack.dev, messaging/working-with-files), after a message with `text`.

    `text` is mrkdwn, escaped. Raises OperatorError where Slack does not take the file. Nothing is told before its content
    has arrived there.
    """
    client = turn.client
    try:
        ticket = await client.files_getUploadURLExternal(filename=name, length=len(content))
        session = client.session
        assert session is not None, "our clients share one"
        # The URL is the permission: the token goes nowhere but to the Web API.
        async with session.post(str(ticket["upload_url"]), data=content, proxy=client.proxy) as answer:
            if answer.status != 200:
                raise OperatorError(f"Slack did not take the file ({answer.status}). Try again in a minute.")
        posted = await client.chat_postMessage(
            channel=turn.slack_id,
            text=text,
            blocks=[blocks.section(text)],
            unfurl_links=False,
            unfurl_media=False,
        )
        _ = await client.files_completeUploadExternal(
            files=[{"id": str(ticket["file_id"]), "title": title}], channel_id=str(posted["channel"])
        )
    except SlackApiError as error:
        raise OperatorError(f"Slack did not take the file ({error_code(error)}).") from error
