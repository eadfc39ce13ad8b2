"""One policy for talking to mail systems over HTTP: time limits, retries, and what each failure means.

A *safe* call changes nothing and may be repeated. Any other call is sent once, unless it certainly was not sent; where
no usable answer came, its outcome is unclear, and the caller reads back. No request, header or body reaches a log line
or an exception.
"""

import asyncio
import logging
import random
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from bot.errors import ProviderConfused, ProviderError, ProviderUnavailable
from bot.tls import trusted

log = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
MAX_BODY = 16_000_000
"""Bytes. Of 10,000 domains or routing rules with the longest names there are, an answer has 7 million."""

RETRIES = 2
FIRST_BACKOFF = 0.5
"""Seconds; doubled for each further try, of which a random part is waited ("full jitter")."""

LONGEST_WAIT = 10.0
"""Seconds. A server that asks for more patience than that is reported as unavailable."""

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

Sleep = Callable[[float], Awaitable[None]]

NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.ProxyError,
)
"""Raised before a byte of the request has left."""


class _Silence(ProviderUnavailable):
    """No answer in time. Not asked again: somebody is waiting, and has waited long enough."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer below status 300 or from 400 to 499, except 429."""

    status: int
    body: bytes


class MailSystemHttp:
    """`who` names the mail system in sentences: `PurelyMail (account main)`.

    `timeout`: seconds to wait for the next part of an answer, and for one's turn where `in_flight` requests, the most that
    may be under way at once, are. `trust`: how its certificate is verified; None for the public authorities. `max_body`:
    bytes.
    """

    def __init__(
        self,
        who: str,
        *,
        base_url: str,
        headers: Mapping[str, str],
        timeout: float,
        in_flight: int = 10,
        max_body: int = MAX_BODY,
        trust: ssl.SSLContext | None = None,
        sleep: Sleep = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._who = who
        self._timeout = timeout
        self._max_body = max_body
        self._turns = asyncio.Semaphore(in_flight)
        self._sleep = sleep
        self._jitter = jitter
        self._client = httpx.AsyncClient(
            base_url=base_url,
            headers=dict(headers),
            timeout=httpx.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout)),
            verify=trusted() if trust is None else trust,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=min(5, in_flight)),
            follow_redirects=False,  # a redirect would carry the credentials elsewhere
            trust_env=httpx.URL(base_url).host not in LOOPBACK,
        )

    async def request(self, method: str, path: str, *, safe: bool, **content: Any) -> Answer:
        """Send and return the answer.

        Raises ProviderUnavailable and ProviderConfused; `unclear` is set where a call that is not safe may have been
        carried out.
        """
        tries = 0
        while True:
            try:
                return await self._once(method, path, safe=safe, content=content)
            except _Silence:
                raise
            except ProviderUnavailable as error:
                wait = (
                    FIRST_BACKOFF * 2**tries * self._jitter()
                    if error.retry_after is None
                    else error.retry_after
                )
                tries += 1
                if not safe or tries > RETRIES or wait > LONGEST_WAIT:
                    raise
                log.info("%s %s will be tried again: %s", method, path, error)
            await self._sleep(wait)

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _once(self, method: str, path: str, *, safe: bool, content: Mapping[str, Any]) -> Answer:
        try:
            async with asyncio.timeout(self._timeout):
                _ = await self._turns.acquire()
        except TimeoutError:
            busy = f"{self._who} is busy with our other requests. Try again in a moment."
            raise _Silence(busy, unclear=False) from None
        try:
            async with self._client.stream(method, path, **content) as response:
                body = await self._read(response, safe=safe)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            # The original holds the request, and with it the credentials.
            raise self._failure(error, safe=safe) from None
        finally:
            self._turns.release()
        return self._judge(response, body, safe=safe)

    async def _read(self, response: httpx.Response, *, safe: bool) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > self._max_body:
                raise ProviderConfused(f"{self._who} sent an answer that is far too long.", unclear=not safe)
        return bytes(body)

    def _judge(self, response: httpx.Response, body: bytes, *, safe: bool) -> Answer:
        status = response.status_code
        if status == 429:
            wait = _retry_after(response.headers.get("Retry-After"))
            raise ProviderUnavailable(
                f"{self._who} asks us to slow down. Try again in a moment.", unclear=False, retry_after=wait
            )
        if status >= 500:
            raise ProviderUnavailable(f"{self._who} has trouble (HTTP {status}).", unclear=not safe)
        if 300 <= status < 400:
            raise ProviderConfused(
                f"{self._who} wants to send us elsewhere (HTTP {status}). Check the account's base_url.",
                unclear=not safe,
            )
        return Answer(status, body)

    def _failure(self, error: Exception, *, safe: bool) -> ProviderError:
        if isinstance(error, httpx.DecodingError | httpx.TooManyRedirects | httpx.InvalidURL):
            return ProviderConfused(f"{self._who} sent an answer that can't be read.", unclear=not safe)
        if distrust := _distrust(error):
            return ProviderUnavailable(
                f"{self._who} shows a certificate that can't be trusted ({distrust}).", unclear=False
            )
        if isinstance(error, NOT_SENT):
            return ProviderUnavailable(f"{self._who} can't be reached.", unclear=False)
        if isinstance(error, httpx.TimeoutException):
            return _Silence(f"{self._who} did not answer within {self._timeout:g} s.", unclear=not safe)
        return ProviderUnavailable(f"{self._who} broke off the connection.", unclear=not safe)


def _distrust(error: BaseException | None) -> str | None:
    """Why the certificate was refused, where that is what came in between."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        error = error.__cause__ or error.__context__
    return None


def _retry_after(header: str | None) -> float | None:
    """Seconds to wait, from either form of Retry-After (RFC 9110 section 10.2.3); None if there is none to read."""
    if header is None:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, (at.astimezone(UTC) - datetime.now(UTC)).total_seconds())
