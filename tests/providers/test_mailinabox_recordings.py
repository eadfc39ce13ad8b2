"""What the client makes of each answer that a real box was heard to give."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

import pytest
from pydantic import SecretStr

from bot.errors import (
    AlreadyExists,
    OperatorError,
    ProviderError,
    ProviderRefused,
    ProviderUnauthorized,
    ProviderUnavailable,
)
from bot.model import MailDomain, UserDetails
from bot.providers.base import RoutingRule, UserListing
from bot.providers.mailinabox import MailInABox
from bot.providers.mailinabox_calls import BoxCalls, NoSuchCall
from tests.providers.conftest import Waits
from tests.support.box_recordings import Exchange, exchanges
from tests.support.tiny_box import Canned, TinyBox, tiny_box

RECORDED = {exchange.title: exchange for exchange in exchanges()}
GB = 1 << 30
USUAL = "s3curE_pa5Sw0rD"
NO_QUOTA = UserDetails(admin=False, quota=0)
ADMIN = UserDetails(admin=True, quota=0)
FIVE = {
    "admin@example.com": ADMIN,
    "alice@acme.example": NO_QUOTA,
    "dave@acme.example": NO_QUOTA,
    "erin@acme.example": NO_QUOTA,
    "frank@acme.example": NO_QUOTA,
    "grace@acme.example": ADMIN,
}
WITH_BOB = {**FIVE, "bob@acme.example": UserDetails(admin=False, quota=0, used=20_027_802)}
NOBODY = (ProviderRefused, "Mail-in-a-Box refused: That's not a user (nobody@acme.example).")
WEAK = (ProviderRefused, "Mail-in-a-Box refused: Passwords must be at least eight characters.")
SPELLING = (
    ProviderRefused,
    "Mail-in-a-Box refused: User account email addresses may only use the lowercase ASCII letters a-z, the digits 0-9, underscore (_), hyphen (-), and period (.).",
)
DOMAINS = [MailDomain("box", "acme.example"), MailDomain("box", "example.com")]

Call = Callable[[MailInABox], Awaitable[Any]]


def listing(details: dict[str, UserDetails], *archived: str) -> UserListing:
    return UserListing(frozenset(details), complete=True, details=details, archived=frozenset(archived))


def add(address: str, password: str | None = None, **extras: Any) -> Call:
    return lambda box: box.create_user(address, password or USUAL, **extras)


def exists(address: str) -> Call:
    return lambda box: box.user_exists(address)


def quota(address: str, size: int) -> Call:
    return lambda box: box.set_quota(address, size)


def admin(address: str, *, admin: bool) -> Call:
    return lambda box: box.set_admin(address, admin=admin)


def password(address: str, new: str) -> Call:
    return lambda box: box.set_password(address, new)


def delete(address: str) -> Call:
    return lambda box: box.delete_user(address)


def alias(address: str, target: str) -> Call:
    local_part, _, domain = address.partition("@")
    rule = RoutingRule("", domain, local_part, prefix=False, catchall=False, targets=(target,))
    return lambda box: box.create_routing_rule(rule)


def remove(address: str) -> Call:
    return lambda box: box.delete_routing_rule(address)


def automatic(address: str) -> RoutingRule:
    local_part, _, domain = address.partition("@")
    return RoutingRule(
        address,
        domain,
        local_part,
        prefix=False,
        catchall=False,
        targets=("administrator@box.example.com",),
        automatic=True,
    )


AUTOMATIC = [
    automatic(f"{name}@{domain}")
    for domain, names in {
        "acme.example": ("abuse", "admin", "postmaster"),
        "box.example.com": ("hostmaster",),
        "example.com": ("abuse", "admin", "postmaster"),
    }.items()
    for name in names
]

OURS: dict[str, tuple[Call, Any]] = {
    "list users json": (MailInABox.list_users, listing({"admin@example.com": ADMIN})),
    "add ok (new domain)": (add("alice@acme.example", quota=5 * GB), None),
    "add ok (existing domain)": (add("bob@acme.example"), None),
    "add duplicate": (add("alice@acme.example"), (AlreadyExists, "alice@acme.example already exists.")),
    "add bad email (syntax)": (add("not-an-email"), (ProviderRefused, "Mail-in-a-Box refused: Invalid email address.")),
    "add uppercase local part": (add("Carol@acme.example"), SPELLING),
    "add uppercase domain": (add("carol@Acme.example"), SPELLING),
    "add plus address": (add("carol+x@acme.example"), SPELLING),
    "add unicode domain": (add("carol@bücher.example"), SPELLING),
    "add special-use TLD": (add("carol@acme.test"), (ProviderRefused, "Mail-in-a-Box refused: Invalid email address.")),
    "add DCV address": (
        add("postmaster@acme.example"),
        (
            ProviderRefused,
            "Mail-in-a-Box refused: You may not make a user account for that address because it is frequently used for domain control validation. Use an alias instead if necessary.",
        ),
    ),
    "add weak password (7 chars)": (add("carol@acme.example", "short77"), WEAK),
    "add password with spaces (allowed)": (add("dave@acme.example", "four words are ok"), None),
    "add password non-ascii (allowed)": (add("erin@acme.example", "pässwörd-ünïcode"), None),
    "add with privileges=admin (real field)": (add("grace@acme.example", admin=True), None),
    "password set ok": (password("bob@acme.example", "n3w_pa5Sw0rD"), None),
    "password set weak": (password("bob@acme.example", "short"), WEAK),
    "password set unknown user": (password("nobody@acme.example", "n3w_pa5Sw0rD"), NOBODY),
    "privileges add": (admin("bob@acme.example", admin=True), None),
    "privileges add again (idempotent)": (admin("bob@acme.example", admin=True), None),
    "privileges remove": (admin("bob@acme.example", admin=False), None),
    "privileges remove not held (idempotent)": (admin("bob@acme.example", admin=False), None),
    "privileges add unknown user": (admin("nobody@acme.example", admin=True), NOBODY),
    "quota get": (exists("alice@acme.example"), True),
    "quota get unknown user (HTTP 200!)": (exists("nobody@acme.example"), False),
    "quota get after": (exists("alice@acme.example"), True),
    "quota set 0 (unlimited)": (quota("alice@acme.example", 0), None),
    "quota set unknown user": (quota("nobody@acme.example", GB), NOBODY),
    "mail domains": (MailInABox.list_domains, DOMAINS),
    "remove unknown user": (delete("nobody@acme.example"), NOBODY),
    "list json: bob has a mailbox with maildirsize": (MailInABox.list_users, listing(WITH_BOB)),
    "remove ok": (delete("bob@acme.example"), None),
    "remove via uppercase (no case folding)": (
        delete("ALICE@acme.example"),
        (ProviderRefused, "Mail-in-a-Box refused: That's not a user (ALICE@acme.example)."),
    ),
    "list json after remove: bob is inactive": (MailInABox.list_users, listing(FIVE, "bob@acme.example")),
    "re-add archived user (restore)": (add("bob@acme.example"), None),
    "aliases json": (MailInABox.list_routing_rules, AUTOMATIC),
    "alias add": (alias("sales@acme.example", "alice@acme.example"), None),
    "alias add duplicate": (
        alias("sales@acme.example", "bob@acme.example"),
        (AlreadyExists, "sales@acme.example has an alias already."),
    ),
    "alias remove": (remove("sales@acme.example"), None),
    "alias remove unknown": (
        remove("sales@acme.example"),
        (ProviderRefused, "Mail-in-a-Box refused: That's not an alias (sales@acme.example)."),
    ),
    "system API key (username=key, empty password)": (MailInABox.list_domains, DOMAINS),
    "use session key as the password": (MailInABox.list_domains, DOMAINS),
}  # fmt: skip
"""What the bot itself asks for, and what is to come of it."""


def canned(exchange: Exchange) -> Canned:
    return Canned(exchange.status, exchange.body, exchange.headers)


def credentials(exchange: Exchange) -> dict[str, Any]:
    name, _, secret = (exchange.user or ":").partition(":")
    # The name stands alone only where it is the key.
    return {"login": name if secret else "", "password": SecretStr(secret or name)}


@asynccontextmanager
async def calls(exchange: Exchange, server: TinyBox) -> AsyncIterator[BoxCalls]:
    given = credentials(exchange)
    box = BoxCalls(
        "the box (account box)",
        base_url=server.url,
        ca_file="",
        timeout=5.0,
        sleep=Waits(),
        jitter=lambda: 1.0,
        **given,
    )
    yield box
    await box.aclose()


async def outcome(call: Awaitable[Any]) -> Any:
    try:
        return await call
    except OperatorError as error:
        return type(error), str(error)


@pytest.mark.parametrize("exchange", RECORDED.values(), ids=list(RECORDED))
async def test_every_recorded_answer_has_its_outcome(exchange: Exchange) -> None:
    path, _, query = exchange.path.removeprefix("/admin").partition("?")
    fields = dict(parse_qsl(query or exchange.form.decode(), keep_blank_values=True))
    async with tiny_box() as server, calls(exchange, server) as box:
        server.otherwise = lambda: canned(exchange)
        call: Awaitable[str] = (
            box.read(path, str, **fields) if exchange.method == "GET" else box.write(path, **fields)
        )
        if exchange.status == 200:
            assert await call == exchange.body.decode()
            return
        with pytest.raises(ProviderError) as caught:
            await call
        error = caught.value
        said = exchange.body.decode().strip()
        match exchange.status:
            case 400:
                assert type(error) is ProviderRefused
                assert str(error) == f"Mail-in-a-Box refused: {said}"
            case 401 | 403:
                assert type(error) is ProviderUnauthorized
                reason = said if not said.startswith("{") else said.split('"reason": "')[1].rstrip('"}')
                assert str(error).endswith(f": {reason}")
            case 404 | 405:
                assert type(error) is NoSuchCall
            case _:
                assert type(error) is ProviderUnavailable
        # Only a crash leaves open whether the work was done.
        assert error.unclear is (exchange.status == 500)
        assert error.retryable is (exchange.status == 500)
        assert len(server.asked) == 1


@pytest.mark.parametrize("title", list(OURS))
async def test_what_the_bot_asks_comes_to_what_the_box_meant(title: str) -> None:
    exchange = RECORDED[title]
    call, expected = OURS[title]
    async with tiny_box() as server:
        server.answers["GET /admin/mail/aliases"] = Canned(200, b"[]\n")
        target = f"{exchange.method} {exchange.path.partition('?')[0]}"
        server.answers[target] = canned(exchange)
        box = MailInABox("box", base_url=server.url, timeout=5.0, **credentials(exchange))
        try:
            assert await outcome(call(box)) == expected
        finally:
            await box.aclose()
        (asked,) = (asked for asked in server.asked if asked.target == target)
        sent = parse_qsl(exchange.path.partition("?")[2] or exchange.form.decode())
        assert asked.fields == dict(sent), "the client asks as the recorded question did"


async def test_a_login_is_never_asked_for_since_its_refusal_is_a_200() -> None:
    refused = RECORDED["login bad password (HTTP 200!)"]
    async with tiny_box() as server:
        server.answers["POST /admin/login"] = canned(refused)
        server.otherwise = lambda: canned(RECORDED["bad password, Accept json"])
        box = MailInABox("box", base_url=server.url, timeout=5.0, **credentials(refused))
        try:
            for call, _ in OURS.values():
                assert (await outcome(call(box)))[0] is ProviderUnauthorized
        finally:
            await box.aclose()
        assert not [asked for asked in server.asked if asked.target.endswith("/login")]


async def test_reasons_are_asked_for_as_json_and_pages_are_not_for_browsers() -> None:
    exchange = RECORDED["mail domains"]
    async with tiny_box() as server, calls(exchange, server) as box:
        server.otherwise = lambda: canned(exchange)
        await box.read("/mail/domains", str)
        (asked,) = server.asked
        assert asked.headers["Accept"] == "application/json"
        assert "X-Requested-With" not in asked.headers
