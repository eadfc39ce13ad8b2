"""Fetching a file that a person gave: the token goes to Slack only, and what is no list is said."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import InvalidInput
from handlers.given_files import read_text


class Files:
    """A server that hands out files, and remembers what it was asked with."""

    def __init__(self) -> None:
        self.content = b"anna@x.example"
        self.status = 200
        self.tokens: list[str] = []
        self.url = ""

    async def hand_out(self, request: web.Request) -> web.Response:
        self.tokens.append(request.headers.get("Authorization", ""))
        headers = {"Location": "/login"} if self.status == 302 else {}
        return web.Response(status=self.status, body=self.content, headers=headers)


@pytest.fixture
async def files() -> AsyncIterator[Files]:
    files = Files()
    app = web.Application()
    app.router.add_get("/{name}", files.hand_out)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    files.url = f"http://{host}:{port}"
    yield files
    await runner.cleanup()


@pytest.fixture
async def client(files: Files) -> AsyncIterator[AsyncWebClient]:
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token="xoxb-test", base_url=f"{files.url}/api/", session=session)
        client.proxy = None
        yield client


async def read(client: AsyncWebClient, **file: Any) -> str:
    return await read_text(client, {"name": "people.csv", **file}, field="file")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"anna@x.example", "anna@x.example"),
        ("\ufeffäöü".encode(), "äöü"),
        ("anna@x.example".encode("utf-16"), "anna@x.example"),
    ],
)
async def test_text_is_read_in_the_encodings_that_spreadsheets_write(
    files: Files, client: AsyncWebClient, content: bytes, text: str
) -> None:
    files.content = content
    assert await read(client, url_private_download=f"{files.url}/f") == text
    assert files.tokens == ["Bearer xoxb-test"]


@pytest.mark.parametrize("status", [302, 403, 404, 500])
async def test_file_that_slack_keeps_is_said_and_no_login_page_is_taken_for_it(
    files: Files, client: AsyncWebClient, status: int
) -> None:
    files.status = status
    with pytest.raises(InvalidInput, match=rf"does not hand people\.csv out to Mailwarden \({status}\)"):
        _ = await read(client, url_private=f"{files.url}/f")
    assert len(files.tokens) == 1


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://files.slack.com.evil.example/f",
        "https://evil.example/files.slack.com",
        "http://files.slack.com/f",
        "https://files.slack.com@evil.example/f",
        "file:///etc/passwd",
    ],
)
async def test_token_is_sent_to_slack_and_to_nobody_else(
    files: Files, client: AsyncWebClient, url: str
) -> None:
    with pytest.raises(InvalidInput, match="does not say where"):
        _ = await read(client, url_private_download=url)
    assert not files.tokens


@pytest.mark.parametrize(
    ("content", "why"), [(b"\xff\xfe\xff", "no text"), (b"\x80abc", "no text"), (b"a" * 200_001, "larger")]
)
async def test_what_is_no_list_is_refused(
    files: Files, client: AsyncWebClient, content: bytes, why: str
) -> None:
    files.content = content
    with pytest.raises(InvalidInput, match=why) as refused:
        _ = await read(client, url_private=f"{files.url}/f")
    assert refused.value.field == "file"


async def test_server_that_is_gone_is_said(files: Files, client: AsyncWebClient) -> None:
    client.base_url = "http://127.0.0.1:9/api/"
    with pytest.raises(InvalidInput, match="could not be fetched"):
        _ = await read(client, url_private="http://127.0.0.1:9/f")
    assert not files.tokens
