"""The policy for HTTP: what is repeated, what is unclear, what is never believed, and what never leaks."""

import gc
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import OperatorError, ProviderConfused, ProviderError, ProviderUnavailable
from bot.providers.http import MAX_BODY, NOT_SENT, MailSystemHttp
from bot.providers.purelymail import PurelyMail
from bot.sandbox.purelymail import PurelyMailSimulator

from .conftest import Waits, client_for

ANNA = "anna.keller@acme-tools.example"
TOKEN = "canary-token-3f9a"
SECRET = "canary-Password-77-xyz"

Respond = Callable[[web.Request], Any]


@asynccontextmanager
async def serving(respond: Respond) -> AsyncIterator[tuple[str, list[str]]]:
    """A server that answers every request with `respond`; the list holds the paths that were asked for."""
    asked: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        response: web.StreamResponse = await respond(request)
        return response

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    yield f"http://127.0.0.1:{port}", asked
    await runner.cleanup()


async def test_safe_call_is_repeated_after_a_server_error(
    purelymail: PurelyMail, simulator: PurelyMailSimulator, waits: Waits
) -> None:
    simulator.inject("listUser", 2, {"status": 502})
    assert len((await purelymail.list_users()).addresses) == 60
    assert waits.seconds == [0.5, 1.0]


async def test_repeats_of_a_safe_call_are_bounded(
    purelymail: PurelyMail, simulator: PurelyMailSimulator, waits: Waits
) -> None:
    simulator.inject("listUser", 10, {"status": 500})
    with pytest.raises(ProviderUnavailable, match="HTTP 500"):
        await purelymail.list_users()
    assert len(simulator.calls) == 3
    assert len(waits.seconds) == 2


@pytest.mark.parametrize("fault", [{"status": 500}, {"drop_response": True}])
async def test_write_is_sent_once_and_its_failure_is_unclear(
    purelymail: PurelyMail, simulator: PurelyMailSimulator, fault: dict[str, Any]
) -> None:
    simulator.inject("deleteUser", 1, fault)
    with pytest.raises(ProviderUnavailable) as caught:
        await purelymail.delete_user(ANNA)
    assert caught.value.unclear
    assert len(simulator.calls) == 1


async def test_write_that_is_answered_too_late_is_unclear(
    simulator: PurelyMailSimulator, waits: Waits
) -> None:
    client = client_for(simulator.url, simulator.credentials["api_token"], waits, timeout=0.2)
    simulator.inject("deleteUser", 1, {"delay_seconds": 5})
    with pytest.raises(ProviderUnavailable, match=r"did not answer within 0\.2 s") as caught:
        await client.delete_user(ANNA)
    await client.aclose()
    assert caught.value.unclear


async def test_silence_is_not_waited_through_again(simulator: PurelyMailSimulator, waits: Waits) -> None:
    client = client_for(simulator.url, simulator.credentials["api_token"], waits, timeout=0.2)
    simulator.inject("listUser", 3, {"delay_seconds": 5})
    with pytest.raises(ProviderUnavailable, match="did not answer"):
        await client.list_users()
    await client.aclose()
    assert len(simulator.calls) == 1


async def test_write_that_never_left_is_not_unclear(waits: Waits) -> None:
    client = client_for("http://127.0.0.1:1", TOKEN, waits)
    with pytest.raises(ProviderUnavailable, match="can't be reached") as caught:
        await client.delete_user(ANNA)
    await client.aclose()
    assert not caught.value.unclear


async def test_slow_down_is_waited_for_as_long_as_the_server_says(
    purelymail: PurelyMail, simulator: PurelyMailSimulator, waits: Waits
) -> None:
    simulator.inject("listUser", 1, {"status": 429, "headers": {"Retry-After": "7"}})
    await purelymail.list_users()
    assert waits.seconds == [7.0]


async def test_slow_down_of_a_write_was_not_carried_out(
    purelymail: PurelyMail, simulator: PurelyMailSimulator, waits: Waits
) -> None:
    simulator.inject("deleteUser", 1, {"status": 429, "headers": {"Retry-After": "7"}})
    with pytest.raises(ProviderUnavailable) as caught:
        await purelymail.delete_user(ANNA)
    assert (caught.value.unclear, caught.value.retry_after) == (False, 7.0)
    assert waits.seconds == []


async def test_server_that_asks_for_too_much_patience_is_unavailable(
    purelymail: PurelyMail, simulator: PurelyMailSimulator, waits: Waits
) -> None:
    simulator.inject("listUser", 1, {"status": 429, "headers": {"Retry-After": "3600"}})
    with pytest.raises(ProviderUnavailable):
        await purelymail.list_users()
    assert waits.seconds == []


async def test_retry_after_may_be_a_date(
    purelymail: PurelyMail, simulator: PurelyMailSimulator, waits: Waits
) -> None:
    past = "Wed, 21 Oct 2015 07:28:00 GMT"
    simulator.inject("listUser", 1, {"status": 429, "headers": {"Retry-After": past}})
    await purelymail.list_users()
    assert waits.seconds == [0.0]


@pytest.mark.parametrize(
    "body", ["<html>maintenance</html>", '{"type":"success","result":{"users":', "[]", "42", '"ok"', "{}"]
)
async def test_answer_that_is_not_the_protocol_is_never_taken_for_success(
    purelymail: PurelyMail, simulator: PurelyMailSimulator, body: str
) -> None:
    simulator.inject("*", 2, {"body": body})
    with pytest.raises(ProviderConfused) as reading:
        await purelymail.list_users()
    with pytest.raises(ProviderConfused) as writing:
        await purelymail.delete_user(ANNA)
    assert not reading.value.unclear
    assert writing.value.unclear


async def test_huge_answer_is_cut_off(purelymail: PurelyMail, simulator: PurelyMailSimulator) -> None:
    simulator.inject("listUser", 1, {"body": "x" * (MAX_BODY + 1)})
    with pytest.raises(ProviderConfused, match="far too long"):
        await purelymail.list_users()


async def test_redirect_is_not_followed_and_no_token_goes_elsewhere(waits: Waits) -> None:
    async def catch(_request: web.Request) -> web.Response:
        return web.json_response({"type": "success", "result": {"users": []}})

    async with serving(catch) as (elsewhere, asked_elsewhere):

        async def send_away(_request: web.Request) -> web.Response:
            return web.Response(status=307, headers={"Location": f"{elsewhere}/api/v0/listUser"})

        async with serving(send_away) as (url, asked):
            client = client_for(url, TOKEN, waits)
            with pytest.raises(ProviderConfused, match="send us elsewhere"):
                await client.list_users()
            await client.aclose()
    assert len(asked) == 1
    assert asked_elsewhere == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    ["type", "code", "message", "result", "users", "domains", "name", "dnsSummary", "rules"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
async def test_whatever_is_answered_only_our_errors_come_out(body: Any) -> None:
    async def respond(_request: web.Request) -> web.Response:
        return web.Response(text=json.dumps(body), content_type="application/json")

    async with serving(respond) as (url, _):
        client = client_for(url, TOKEN, Waits())
        for call in (
            client.list_users,
            client.list_domains,
            client.list_routing_rules,
            lambda: client.get_user(ANNA),
        ):
            try:
                await call()
            except OperatorError:
                continue
        await client.aclose()


def test_every_failure_that_httpx_knows_becomes_one_of_ours() -> None:
    def descendants(of: type[Exception]) -> set[type[Exception]]:
        return {of} | {deep for direct in of.__subclasses__() for deep in descendants(direct)}

    http = MailSystemHttp("Test", base_url="http://127.0.0.1:1", headers={}, timeout=1)
    for kind in descendants(httpx.RequestError) | {httpx.InvalidURL, httpx.StreamError}:
        error = http._failure(kind.__new__(kind), safe=False)
        assert isinstance(error, ProviderError)
        assert error.unclear is not issubclass(kind, NOT_SENT)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500, "body": f"you sent {SECRET} with {TOKEN}"},
        {"drop_response": True},
        {"body": "<html>" + SECRET},
        {"body": {"type": "error", "code": "x", "message": f"{SECRET} and {TOKEN}"}},
        {"status": 302, "headers": {"Location": "https://elsewhere.example/"}, "body": f"{SECRET} {TOKEN}"},
    ],
)
async def test_no_secret_is_in_a_log_an_exception_or_a_repr(
    simulator: PurelyMailSimulator, waits: Waits, caplog: pytest.LogCaptureFixture, fault: dict[str, Any]
) -> None:
    caplog.set_level(logging.DEBUG)
    client = client_for(simulator.url, TOKEN, waits)
    simulator.inject("createUser", 1, fault)
    with pytest.raises(ProviderError) as caught:
        await client.create_user("new@acme-tools.example", SECRET)
    chain: list[BaseException] = []
    error: BaseException | None = caught.value
    while error is not None:
        chain.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    told = "\n".join([*(f"{e!r} {e}" for e in chain), repr(client), str(vars(client)), caplog.text])
    await client.aclose()
    assert SECRET not in told
    assert TOKEN not in told
    gc.collect()
