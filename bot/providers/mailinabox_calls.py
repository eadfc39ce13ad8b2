"""Calls to a Mail-in-a-Box: form bodies out, texts in, and what each refusal means.

The API is https://mailinabox.email/api-docs.html; what v75 does beside it (management/daemon.py, auth.py):

- One worker serves everything, so requests go out one at a time.
- Answers are texts, said to be text/html, also where they are not; only crashes and unknown paths answer with pages.
- Credentials are refused with 401, or 403 for requests with X-Requested-With; the reason is JSON for who asks for it.
- A 500 may come after the work was done: mail users are created before quotas, DNS and web are brought up to date.
"""

import asyncio
import random
import ssl
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import TypeVar

from pydantic import SecretStr

from bot.errors import ProviderConfused, ProviderRefused, ProviderUnauthorized
from bot.providers import mailinabox_answers as answers
from bot.providers.http import MailSystemHttp, Sleep
from bot.providers.words import repeatable

MAX_BODY = 64_000_000
"""Bytes. A list of 100,000 users is 26 MB."""

T = TypeVar("T")


class NoSuchCall(ProviderConfused):
    """The box does not know the path: it is too old, or no box."""


class BoxCalls:
    def __init__(
        self,
        who: str,
        *,
        base_url: str,
        login: str,
        password: SecretStr,
        ca_file: str,
        timeout: float,
        sleep: Sleep = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`login`: "" where `password` is the box's API key."""
        self.who = who
        self._login = login
        self._password = password
        secret = password.get_secret_value()
        credentials = f"{login}:{secret}" if login else f"{secret}:"
        self._http = MailSystemHttp(
            who,
            base_url=base_url,
            headers={
                "Authorization": f"Basic {b64encode(credentials.encode()).decode()}",
                "Accept": "application/json",
            },
            timeout=timeout,
            in_flight=1,
            max_body=MAX_BODY,
            trust=ssl.create_default_context(cafile=ca_file) if ca_file else None,
            sleep=sleep,
            jitter=jitter,
        )

    async def read(self, path: str, reader: Callable[[str], T], *, method: str = "GET", **fields: str) -> T:
        """Ask what changes nothing, and read the answer. `fields`: the query, or the form of a POST.

        Raises NoSuchCall, ProviderRefused, ProviderUnauthorized, ProviderUnavailable and ProviderConfused.
        """
        text = await self._text(method, path, fields, safe=True)
        try:
            return reader(text)
        except (ValueError, RecursionError):
            raise self.confused(path, safe=True) from None

    async def write(self, path: str, *, secret: str | None = None, **fields: str) -> str:
        """Have something changed, once; returns what the box said of it. `secret`: what is not to be repeated from it.

        Raises as `read` does; `unclear` is set where it may have been done.
        """
        return await self._text("POST", path, fields, safe=False, secret=secret)

    async def aclose(self) -> None:
        await self._http.aclose()

    def confused(self, path: str, *, safe: bool) -> ProviderConfused:
        return ProviderConfused(f"{self.who} gave an answer to {path} that makes no sense.", unclear=not safe)

    async def _text(
        self, method: str, path: str, fields: Mapping[str, str], *, safe: bool, secret: str | None = None
    ) -> str:
        content = {"params" if method == "GET" else "data": dict(fields)}
        answer = await self._http.request(method, path, safe=safe, **content)
        try:
            text = answer.body.decode()
        except UnicodeDecodeError:
            raise self.confused(path, safe=safe) from None
        if answer.status in {401, 403}:
            raise self._unauthorized(text)
        if answer.status in {404, 405}:
            raise NoSuchCall(
                f"{self.who} knows no call {path}. Check the account's base_url: it ends in /admin.",
                unclear=False,
            )
        if answers.is_page(text):
            raise self.confused(path, safe=safe)
        if answer.status >= 400:
            hiding = (secret, self._password.get_secret_value())
            said = repeatable(text.strip(), hiding=hiding) or "it gave no reason"
            raise ProviderRefused(f"Mail-in-a-Box refused: {said}", code=said)
        return text

    def _unauthorized(self, text: str) -> ProviderUnauthorized:
        reason = answers.reason(text)
        what = f"the login {self._login}" if self._login else "its API key"
        if reason in {"missing-totp-token", "invalid-totp-token"}:
            return ProviderUnauthorized(
                f"{self.who} wants a code for {what}: two-factor authentication is on for it. "
                "Give the bot a login without, or the box's API key."
            )
        words = repeatable(reason, hiding=(self._password.get_secret_value(),))
        return ProviderUnauthorized(
            f"{self.who} does not accept {what}: {words}" if words else f"{self.who} does not accept {what}."
        )
