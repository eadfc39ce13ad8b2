"""A text file that a person gives in a window: fetched from Slack with the bot's own token, and kept nowhere."""

from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import InvalidInput

SCOPE = "files:read"
"""What it takes to be given one (docs.slack.dev, reference/block-kit/block-elements/file-input-element)."""

HOST = "files.slack.com"
LARGEST = 200_000
"""Bytes; far more than a list can have."""

PATIENCE = aiohttp.ClientTimeout(total=15)


async def read_text(client: AsyncWebClient, file: dict[str, Any], *, field: str) -> str:
    """The content of a file as Slack describes it. Raises InvalidInput (`field`)."""
    name = str(file.get("name") or "the file")[:80]
    url = str(file.get("url_private_download") or file.get("url_private") or "")
    if not _is_slacks(url, client.base_url):
        raise InvalidInput(f"Slack does not say where {name} is. Paste the list instead.", field=field)
    content = await _fetch(client, url, name, field=field)
    for encoding in ("utf-8-sig", "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidInput(f"{name} is no text in UTF-8. Save it as “CSV UTF-8”, or paste the list.", field=field)


async def _fetch(client: AsyncWebClient, url: str, name: str, *, field: str) -> bytes:
    session = client.session
    assert session is not None, "the app's client has one"
    try:
        async with session.get(
            url,
            headers={"Authorization": f"Bearer {client.token}"},
            proxy=client.proxy,
            allow_redirects=False,  # where the token is not good for it, Slack leads to its login page
            timeout=PATIENCE,
        ) as answer:
            if answer.status != 200:
                raise InvalidInput(
                    f"Slack does not hand {name} out to Mailwarden ({answer.status}). Paste the list instead.",
                    field=field,
                )
            content = await answer.content.read(LARGEST + 1)
            while len(content) <= LARGEST and (more := await answer.content.read(LARGEST)):
                content += more
    except (aiohttp.ClientError, TimeoutError) as error:
        raise InvalidInput(f"{name} could not be fetched from Slack. Try again.", field=field) from error
    if len(content) > LARGEST:
        raise InvalidInput(f"{name} is larger than {LARGEST // 1000} KB.", field=field)
    return content


def _is_slacks(url: str, api: str) -> bool:
    """Whether the token may be sent there: to Slack's files, or to the same server as the Web API where that is another."""
    there, ours = urlsplit(url), urlsplit(api)
    if there.scheme == "https" and there.hostname == HOST:
        return True
    return (there.scheme, there.netloc) == (ours.scheme, ours.netloc)
