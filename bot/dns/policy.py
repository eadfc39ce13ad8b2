"""Fetches the MTA-STS policy of a domain (RFC 8461 section 3.3), as senders do."""

import asyncio
import ssl
from dataclasses import dataclass
from typing import Protocol, Self

import httpx
from typing_extensions import override

from bot import tls

PATH = "/.well-known/mta-sts.txt"

MOST = 64 * 1024
"""Bytes; the size that RFC 8461 section 3.2 lets senders stop at."""

SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class PolicyText:
    text: str


@dataclass(frozen=True, slots=True)
class NoPolicy:
    """There is none that a sender would take; `why` completes the sentence "... can't be fetched: ..."."""

    why: str


@dataclass(frozen=True, slots=True)
class Unfetched:
    """It could not be found out: that may be the network's fault, or ours. `why` as in NoPolicy."""

    why: str


Fetched = PolicyText | NoPolicy | Unfetched


class Policies(Protocol):
    async def fetch(self, host: str) -> Fetched:
        """Fetch the policy from `mta-sts.<domain>`. Never raises for what the server, or the network, does."""


class HttpsPolicies(Policies):
    """Use within `async with`, or close it."""

    def __init__(
        self,
        *,
        server: tuple[str, int] | None = None,
        trusted: ssl.SSLContext | None = None,
        seconds: float = SECONDS,
        most: int = MOST,
    ) -> None:
        """`server`: the address and port that all hosts are found at; None for where DNS says, and port 443.

        `trusted`: whose certificates are taken; None for the public ones.
        """
        self._server = server
        self._seconds = seconds
        self._most = most
        # RFC 8461 section 3.3: no redirects are followed, and no cached answers are used.
        self._client = httpx.AsyncClient(
            verify=tls.trusted() if trusted is None else trusted,
            follow_redirects=False,
            timeout=seconds,
            trust_env=server is None,
            headers={"Accept": "text/plain", "Accept-Encoding": "identity", "Cache-Control": "no-cache"},
            limits=httpx.Limits(max_connections=10, max_keepalive_connections=0),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._client.aclose()

    @override
    async def fetch(self, host: str) -> Fetched:
        try:
            async with asyncio.timeout(self._seconds):
                return await self._get(host)
        except (TimeoutError, httpx.TimeoutException):
            return Unfetched(f"{host} did not answer in time")
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            return _judge(error, host)

    async def _get(self, host: str) -> Fetched:
        name = httpx.URL(scheme="https", host=host).raw_host.decode()
        address, port = self._server or (name, 443)
        async with self._client.stream(
            "GET",
            httpx.URL(scheme="https", host=address, port=port, path=PATH),
            headers={"Host": name},
            # The certificate has to be that of the name, wherever it is found.
            extensions={"sni_hostname": name},
        ) as response:
            if response.status_code >= 500:
                return Unfetched(f"{host} answered with HTTP {response.status_code}")
            if response.status_code != 200:
                moved = " (a redirect, which senders don't follow)" if response.is_redirect else ""
                return NoPolicy(f"{host} answered with HTTP {response.status_code}{moved}")
            media = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if media != "text/plain":
                return NoPolicy(
                    f"{host} sends it as {media[:40] or 'nothing in particular'}, not as text/plain"
                )
            body = b""
            async for part in response.aiter_raw():
                body += part
                if len(body) > self._most:
                    return NoPolicy(f"what {host} sends is longer than {self._most // 1024} kB")
        return PolicyText(body.decode("utf-8", "replace"))


def _judge(error: Exception, host: str) -> Fetched:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NoPolicy(f"the certificate of {host} is not good ({cause.verify_message})")
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.ConnectError):
        return Unfetched(f"no connection to {host} came about")
    return Unfetched(f"what {host} answers can't be used ({type(error).__name__})")
