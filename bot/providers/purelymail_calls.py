"""Calls to PurelyMail: POST /api/v0/<operation> with a JSON object, the token in a header of its own.

The API is https://purelymail.com/docs/api (OpenAPI "Purelymail API" 0.0.1). What it does beside that document:

- Errors come with HTTP 200 and `type: "error"`; an unknown operation is HTTP 404 with a page.
- Unknown fields are accepted and change nothing; so may a missing required one.
- Of its error codes only `invalidToken` has been seen often enough to be relied on.
"""

import asyncio
import json
import random
from collections.abc import Callable
from typing import Any

from pydantic import SecretStr

from bot.errors import ProviderConfused, ProviderRefused, ProviderUnauthorized
from bot.providers.http import Answer, MailSystemHttp, Sleep
from bot.providers.words import repeatable

SAFE = {
    "listUser": True,
    "getUser": True,
    "listDomains": True,
    "listRoutingRules": True,
    "getOwnershipCode": True,
    "updateDomainSettings": True,
    "checkAccountCredit": True,
    "addDomain": False,
    "createUser": False,
    "modifyUser": False,
    "upsertPasswordReset": False,
    "deletePasswordReset": False,
    "createAppPassword": False,
    "deleteAppPassword": False,
    "deleteUser": False,
    "deleteDomain": False,
    "createRoutingRule": False,
    "deleteRoutingRule": False,
}
"""The operations used here, and whether each may be repeated."""

Json = dict[str, Any]


class PurelyMailCalls:
    def __init__(
        self,
        account: str,
        *,
        title: str,
        token: SecretStr,
        base_url: str,
        timeout: float,
        sleep: Sleep = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._title = title
        self._who = f"{title} (account {account})"
        self._token = token
        self._http = MailSystemHttp(
            self._who,
            base_url=base_url,
            headers={"Purelymail-Api-Token": token.get_secret_value(), "Accept": "application/json"},
            timeout=timeout,
            sleep=sleep,
            jitter=jitter,
        )

    async def aclose(self) -> None:
        await self._http.aclose()

    async def call(
        self, operation: str, body: Json, *, secret: str | None = None, safe: bool | None = None
    ) -> Json:
        """Returns the content of `result`. `safe`: whether it may be repeated, where it depends on the body.

        Raises as bot/providers/base.py says.
        """
        safe = SAFE[operation] if safe is None else safe
        answer = await self._http.request("POST", f"/api/v0/{operation}", safe=safe, json=body)
        content = self._parse(operation, answer, safe=safe)
        if content.get("type") == "error" or (
            "code" in content and "message" in content and "result" not in content
        ):
            raise self._refusal(content, secret)
        if "result" not in content and content.get("type") != "success":
            raise self.confused(operation, safe=safe)
        result = content.get("result")
        if result is None:
            return {}
        if not isinstance(result, dict):
            raise self.confused(operation, safe=safe)
        return result

    def _parse(self, operation: str, answer: Answer, *, safe: bool) -> Json:
        try:
            content = json.loads(answer.body)
        except (ValueError, RecursionError):
            content = None
        if isinstance(content, dict):
            return content
        if answer.status == 404:
            raise ProviderConfused(
                f"{self._who} knows no operation {operation}. Check the account's base_url.", unclear=False
            )
        raise self.confused(operation, safe=safe)

    def _refusal(self, content: Json, secret: str | None) -> ProviderRefused | ProviderUnauthorized:
        code = str(content.get("code") or "")
        if code == "invalidToken":
            return ProviderUnauthorized(f"{self._who} does not accept its API token.")
        words = repeatable(
            str(content.get("message") or "it gave no reason"),
            hiding=(secret, self._token.get_secret_value()),
        )
        return ProviderRefused(f"{self._title} refused: {words}", code=repeatable(code))

    def confused(self, operation: str, *, safe: bool | None = None) -> ProviderConfused:
        return ProviderConfused(
            f"{self._who} gave an answer to {operation} that makes no sense.",
            unclear=not (SAFE[operation] if safe is None else safe),
        )
