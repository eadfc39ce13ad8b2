"""Whatever a server answers, of either mail system: errors that a person can read, no credential elsewhere, nothing made up."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.errors import NotFound, OperatorError, ProviderError
from bot.providers.base import MailProvider
from bot.providers.mailinabox import MailInABox
from bot.providers.purelymail import PurelyMail
from tests.providers.conftest import Waits
from tests.support.box_recordings import exchanges
from tests.support.tiny_box import Canned, tiny_box

CREDENTIAL = "canary-credential-3f9a"
SECRET = "canary-Password-77-xyz"
LOGIN = "admin@example.com"
ALICE = "alice@acme.example"
ELSEWHERE = "http://127.0.0.2:9/"

Call = Callable[[MailProvider], Awaitable[Any]]

READS: dict[str, Call] = {
    "list_users": lambda system: system.list_users(),
    "list_domains": lambda system: system.list_domains(),
    "list_routing_rules": lambda system: system.list_routing_rules(),
    "dns_records": lambda system: system.dns_records(),
    "ownership_code": lambda system: system.ownership_code(),
    "protected_users": lambda system: system.protected_users(),
    "user_exists": lambda system: system.user_exists(ALICE),
    "get_user": lambda system: system.get_user(ALICE),
}
WRITES: dict[str, Call] = {
    "create_user": lambda system: system.create_user(ALICE, SECRET),
    "set_password": lambda system: system.set_password(ALICE, SECRET),
    "set_two_factor": lambda system: system.set_two_factor(ALICE, required=False),
    "delete_user": lambda system: system.delete_user(ALICE),
}
PAGE = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>alice@acme.example</body></html>"
RECORDED = [exchange.body for exchange in exchanges() if exchange.body]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([ALICE, LOGIN, "active"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["email", "users", "status", "quota", "domain", "type", "result", "code", "message", "enabled_mfa", "x"]
        ),
        inner,
        max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip


@st.composite
def truncated(draw: st.DrawFn) -> bytes:
    body = draw(st.sampled_from(RECORDED))
    return body[: draw(st.integers(0, len(body) - 1))]


BODIES = st.one_of(
    JSON.map(lambda value: json.dumps(value).encode()),
    truncated(),
    st.sampled_from(RECORDED),
    st.just(PAGE),
    st.binary(max_size=200),
    st.sampled_from([b"", b"OK", b"null", b"[" * 100_000, b"x" * 1_000_000, b"[" + b"1," * 500_000 + b"1]"]),
)


def as_sent(status: int, body: bytes, headers: dict[str, str]) -> Canned:
    """A 204 has no content (RFC 9110, section 15.3.5)."""
    return Canned(status, b"" if status == 204 else body, headers)


ANSWERS = st.builds(
    as_sent,
    st.sampled_from([200, 200, 200, 201, 204, 301, 302, 307, 308, 400, 401, 403, 404, 405, 418, 429, 500, 502, 503]),
    BODIES,
    st.sampled_from(
        [
            {},
            {"Location": f"{ELSEWHERE}stolen"},
            {"Content-Type": "application/json"},
            {"Content-Type": "text/html; charset=utf-16"},
            {"Retry-After": "soon"},
        ]
    ),
)  # fmt: skip


def systems(url: str) -> Iterator[MailProvider]:
    yield MailInABox(
        "box", base_url=url, login=LOGIN, password=SecretStr(CREDENTIAL), timeout=5.0, sleep=Waits()
    )
    yield PurelyMail("main", base_url=url, token=SecretStr(CREDENTIAL), timeout=5.0, sleep=Waits())


def is_readable(error: OperatorError) -> bool:
    words = str(error)
    return words.isprintable() and len(words) < 500 and CREDENTIAL not in words and SECRET not in words


async def tried(answer: Canned, calls: dict[str, Call]) -> dict[tuple[str, str], Any]:
    """What came of each call, by mail system and name: the value, or the error."""
    found: dict[tuple[str, str], Any] = {}
    async with tiny_box() as server, tiny_box() as elsewhere:
        headers = {
            name: value.replace(ELSEWHERE, f"{elsewhere.url}/") for name, value in answer.headers.items()
        }
        server.otherwise = lambda: Canned(answer.status, answer.body, headers)
        for system in systems(server.url):
            for name, call in calls.items():
                try:
                    found[system.kind, name] = await call(system)
                except OperatorError as error:
                    found[system.kind, name] = error
            await system.aclose()
        assert elsewhere.asked == []
    return found


few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@few
@given(answer=ANSWERS)
def test_no_answer_to_a_question_is_more_than_an_error_that_can_be_read(answer: Canned) -> None:
    for (system, name), value in asyncio.run(tried(answer, READS)).items():
        assert not isinstance(value, OperatorError) or is_readable(value), (system, name, value)
        if name == "user_exists" and value in {True, False} and not isinstance(value, OperatorError):
            assert ALICE.encode() in answer.body or b"users" in answer.body or LOGIN.encode() in answer.body
        if name == "get_user" and isinstance(value, NotFound):
            assert answer.status == 200


@few
@given(answer=ANSWERS)
def test_no_answer_to_a_write_is_taken_for_a_success_that_it_is_not(answer: Canned) -> None:
    for (system, name), value in asyncio.run(tried(answer, WRITES)).items():
        assert not isinstance(value, OperatorError) or is_readable(value), (system, name, value)
        if not isinstance(value, OperatorError):
            assert answer.status < 300
            assert not answer.body.lstrip().startswith(b"<")
            if system == "mailinabox" and name in {"set_password", "set_two_factor"}:
                assert answer.body.strip() == b"OK" or name == "set_two_factor"
        elif isinstance(value, ProviderError) and answer.status in {500, 502, 503}:
            # Creating on a box begins with a question.
            assert value.unclear is not (system == "mailinabox" and name == "create_user")


@pytest.mark.parametrize("status", [200, 302, 401, 500])
async def test_sign_in_page_is_nobodys_answer(status: int) -> None:
    headers = {"Location": f"{ELSEWHERE}login"} if status == 302 else {}
    found = await tried(Canned(status, PAGE, headers), READS | WRITES)
    known_beforehand = {
        ("mailinabox", "list_routing_rules"),
        ("mailinabox", "ownership_code"),
        ("mailinabox", "protected_users"),
        ("purelymail", "dns_records"),
        ("purelymail", "protected_users"),
    }
    assert {key for key, value in found.items() if not isinstance(value, ProviderError)} == known_beforehand
