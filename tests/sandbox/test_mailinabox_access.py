"""Whom the simulated box lets in, and what it says to the others."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.sandbox.mailinabox import totp
from tests.support.box_api import (
    ADMIN,
    ADMIN_PASSWORD,
    ALICE,
    API_KEY,
    PASSWORD,
    BoxApi,
    asked_box,
    small_box,
)

SECRET = "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU"
WRONG = "Incorrect email address or password.\n"


@pytest.fixture
async def api() -> AsyncIterator[BoxApi]:
    async with asked_box(small_box()) as api:
        yield api


async def session(api: BoxApi, **headers: str) -> str:
    answer = (await api.post("/login", headers=headers)).json()
    assert answer["status"] == "ok"
    return str(answer["api_key"])


async def denied(api: BoxApi, name: str, password: str) -> str:
    answer = await api.get("/mail/users", auth=(name, password))
    assert answer.status_code == 401
    return answer.text


async def lets_in(api: BoxApi, name: str, password: str) -> bool:
    return (await api.get("/mail/users", auth=(name, password))).status_code == 200


async def second_factor(api: BoxApi) -> None:
    form = {"secret": SECRET, "token": totp(SECRET, api.clock.now()), "label": "phone"}
    assert (await api.post("/mfa/totp/enable", form)).text == "OK"


async def test_key_of_the_box_lets_in_but_opens_no_session(api: BoxApi) -> None:
    assert await lets_in(api, API_KEY, "")
    assert (await api.post("/login", auth=(API_KEY, ""))).json() == {
        "reason": "Enter a password.",
        "status": "invalid",
    }


async def test_name_without_a_password_is_asked_for_one(api: BoxApi) -> None:
    assert await denied(api, ADMIN, "") == "Enter a password.\n"
    blank = "No email address, password, session key, or API key provided.\n"
    assert await denied(api, " ", " ") == blank


async def test_anything_but_basic_is_no_authorization(api: BoxApi) -> None:
    answer = await api.get("/mail/users", auth=None, headers={"Authorization": f"Bearer {API_KEY}"})
    assert answer.headers["X-Reason"] == "Authorization header invalid."


async def test_session_lasts_two_days_after_its_last_use(api: BoxApi) -> None:
    key = await session(api)
    for _ in range(3):
        api.clock.advance(timedelta(hours=47))
        assert await lets_in(api, ADMIN, key)
    api.clock.advance(timedelta(hours=49))
    assert await denied(api, ADMIN, key) == WRONG


async def test_session_ends_with_the_password_it_was_opened_with(api: BoxApi) -> None:
    key = await session(api)
    assert (await api.post("/mail/users/password", {"email": ADMIN, "password": "An0therPassw"})).text == "OK"
    assert await denied(api, ADMIN, key) == WRONG
    assert await lets_in(api, ADMIN, "An0therPassw")


async def test_session_of_a_removed_user_says_that_there_is_no_such_user(api: BoxApi) -> None:
    key = (await api.post("/login", auth=(ALICE, PASSWORD))).json()["api_key"]
    assert await denied(api, ALICE, key) == "You are not an administrator.\n"
    await api.post("/mail/users/remove", {"email": ALICE})
    assert await denied(api, ALICE, key) == f"That's not a user ({ALICE}).\n"


async def test_sixty_fifth_session_ends_the_oldest(api: BoxApi) -> None:
    first, second = await session(api), await session(api)
    for _ in range(63):
        await session(api)
    assert not await lets_in(api, ADMIN, first)
    assert await lets_in(api, ADMIN, second)


async def test_admin_may_lock_itself_out(api: BoxApi) -> None:
    form = {"email": ADMIN, "privilege": "admin"}
    assert (await api.post("/mail/users/privileges/remove", form)).text == "OK"
    assert await denied(api, ADMIN, ADMIN_PASSWORD) == "You are not an administrator.\n"
    assert (await api.post("/mail/users/remove", {"email": ADMIN}, auth=(API_KEY, ""))).status_code == 200
    assert await denied(api, ADMIN, ADMIN_PASSWORD) == WRONG


async def test_with_a_second_factor_each_token_lets_in_once(api: BoxApi) -> None:
    await second_factor(api)
    assert await denied(api, ADMIN, ADMIN_PASSWORD) == "missing-totp-token\n"
    assert (await api.post("/login")).json() == {
        "reason": "missing-totp-token",
        "status": "missing-totp-token",
    }
    token = {"X-Auth-Token": totp(SECRET, api.clock.now())}
    key = await session(api, **token)
    assert await lets_in(api, ADMIN, key)
    assert (await api.post("/login", headers=token)).json() == {
        "reason": "invalid-totp-token",
        "status": "invalid",
    }
    api.clock.advance(timedelta(seconds=90))
    stale = await api.get("/mail/users", headers=token)
    assert stale.headers["X-Reason"] == "invalid-totp-token"


async def test_second_factor_of_another_is_seen_and_disabled(api: BoxApi) -> None:
    await second_factor(api)
    key = {"auth": (API_KEY, "")}
    status = (await api.post("/mfa/status", {"user": ADMIN}, **key)).json()
    assert status == {"enabled_mfa": [{"id": 1, "label": "phone", "type": "totp"}]}
    assert (await api.post("/mfa/disable", {"user": ADMIN, "mfa-id": "7"}, **key)).status_code == 400
    assert (await api.post("/mfa/disable", {"user": ADMIN}, **key)).text == "OK"
    none = await api.post("/mfa/disable", {"user": ADMIN}, **key)
    assert (none.status_code, none.text) == (400, "Invalid user or MFA id.")
    assert await lets_in(api, ADMIN, ADMIN_PASSWORD)


async def test_who_asks_about_their_own_second_factor_is_offered_a_new_one(api: BoxApi) -> None:
    own = (await api.post("/mfa/status")).json()
    assert own["enabled_mfa"] == []
    assert len(own["new_mfa"]["totp"]["secret"]) == 32
    assert (await api.post("/mfa/status", {"user": ALICE})).json() == {"enabled_mfa": []}
    unknown = await api.post("/mfa/status", {"user": "nobody@acme.example"})
    assert (unknown.status_code, unknown.text) == (400, "User does not exist.")


async def test_second_factor_needs_a_token_of_its_secret(api: BoxApi) -> None:
    for form, said in [
        ({"secret": SECRET}, "Bad Input"),
        ({"secret": " ", "token": "1"}, "No secret provided."),
        ({"secret": "short", "token": "1"}, "Secret should be a 32 characters base32 string"),
        ({"secret": SECRET, "token": "nonsense"}, "Invalid token."),
    ]:
        refused = await api.post("/mfa/totp/enable", form)
        assert (refused.status_code, refused.text) == (400, said)


def test_tokens_are_those_of_the_standard() -> None:
    """RFC 6238 appendix B, of which an authenticator shows the last six digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for seconds, token in [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")]:
        assert totp(secret, datetime.fromtimestamp(seconds, UTC)) == token
