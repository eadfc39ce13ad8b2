import io
import logging
import re

import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.observability import CAPPED, cap_loggers, redact, reference, register_secret

CANARY = "c4n4ry-passw0rd"


def test_a_record_is_one_line_with_time_in_utc_level_and_logger(written: io.StringIO) -> None:
    logging.getLogger("bot.app").info("connected to %s", "Slack")
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO bot\.app: connected to Slack\n", written.getvalue()
    )


def test_a_message_can_not_forge_a_second_line(written: io.StringIO) -> None:
    logging.getLogger("bot.x").warning("name: %s", "a\n2026-01-01T00:00:00.000Z INFO bot.app: forged\x1b[2J")
    assert written.getvalue().count("\n") == 1
    assert "\x1b" not in written.getvalue()


def test_our_own_loggers_follow_the_configured_level(written: io.StringIO) -> None:
    logging.getLogger("bot.x").debug("seen")
    logging.getLogger().setLevel("INFO")
    logging.getLogger("bot.x").debug("unseen")
    assert "seen" in written.getvalue()
    assert "unseen" not in written.getvalue()


@pytest.mark.parametrize("name", CAPPED)
def test_a_capped_library_says_nothing_below_its_cap(written: io.StringIO, name: str) -> None:
    for logger in (logging.getLogger(name), logging.getLogger(f"{name}.inner")):
        logger.debug(CANARY)
        logger.info(CANARY)
    assert written.getvalue() == ""


@pytest.mark.parametrize("name", CAPPED)
def test_a_capped_library_is_heard_from_its_cap_up(written: io.StringIO, name: str) -> None:
    logging.getLogger(f"{name}.inner").warning("something is wrong")
    assert "something is wrong" in written.getvalue()


@pytest.mark.parametrize("name", ["slack_bolt.AsyncApp", "slack_sdk.web", "mailwarden:AsyncCustomListener"])
def test_a_child_logger_set_to_debug_stays_quiet_all_the_same(written: io.StringIO, name: str) -> None:
    logger = logging.getLogger(name)
    logger.setLevel("DEBUG")
    try:
        logger.debug(CANARY)
    finally:
        logger.setLevel(logging.NOTSET)
    assert written.getvalue() == ""


def test_handlers_of_others_are_spared_the_chatter_too() -> None:
    stream = io.StringIO()
    root = logging.getLogger()
    level = root.level
    theirs = logging.StreamHandler(stream)
    root.addHandler(theirs)
    cap_loggers()
    root.setLevel("DEBUG")
    try:
        logging.getLogger("slack_sdk.web.async_base_client").debug(CANARY)
    finally:
        root.removeHandler(theirs)
        root.setLevel(level)
    assert stream.getvalue() == ""


def test_capping_never_makes_a_logger_louder() -> None:
    logger = logging.getLogger("httpx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        cap_loggers()
        assert logger.level == logging.ERROR
    finally:
        logger.setLevel(level)


async def test_bolt_answering_a_submission_writes_nothing_of_it(written: io.StringIO) -> None:
    app = AsyncApp(
        name="mailwarden", client=AsyncWebClient(token="xoxb-1-2-3"), request_verification_enabled=False
    )
    body = {
        "type": "view_submission",
        "team": {"id": "T0"},
        "user": {"id": "U0"},
        "view": {"callback_id": CANARY},
    }
    response = await app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=body))
    assert response.status != 200
    logging.getLogger("bot.x").debug("the log is on")
    assert "the log is on" in written.getvalue()
    assert CANARY not in written.getvalue()


SECRETS = [
    "xoxb-1111-2222-aBcDeFgHiJkL",
    "xapp-1-A1111-2222-deadbeef",
    "xoxe.xoxp-1-Mi0yLTEyMzQ",
    "pm-live-0c0ffee0-1111-2222",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_token_is_taken_out_of_message_arguments_and_traceback(written: io.StringIO, secret: str) -> None:
    log = logging.getLogger("bot.x")
    log.info(f"in the message {secret}")
    log.info("in an argument %s", {"token": secret})
    try:
        int(secret)
    except ValueError:
        log.exception("in an exception")
    assert secret.rpartition(".")[2] not in written.getvalue()
    assert written.getvalue().count("[redacted]") == 3
    assert "Traceback" in written.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "Purelymail-Api-Token: s3cr3t-t0ken",
        "{'purelymail-api-token': 's3cr3t-t0ken', 'a': 1}",
        '{"Purelymail-Api-Token":"s3cr3t-t0ken"}',
        "[(b'Purelymail-Api-Token', b's3cr3t-t0ken')]",
        "headers=Headers(purelymail-api-token=s3cr3t-t0ken)",
    ],
)
def test_the_value_of_purelymails_header_is_taken_out(text: str) -> None:
    assert "s3cr3t" not in redact(text)
    assert "[redacted]" in redact(text)


@pytest.mark.parametrize(
    "text", ["PURELYMAIL_API_TOKEN is not set", "xoxb tokens", "ada@cobalt.example", "spam-live-show"]
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert redact(text) == text


def test_a_registered_secret_is_taken_out_in_every_spelling(written: io.StringIO) -> None:
    secret = "sé\"cr/et'1"
    register_secret(secret)
    logging.getLogger("bot.x").info("%s %r %s", secret, [secret], "/path?q=s%C3%A9%22cr%2Fet%271")
    assert "cr/et" not in written.getvalue()
    assert "cr%2Fet" not in written.getvalue()


def test_a_short_text_is_not_registered() -> None:
    register_secret("a")
    register_secret("")
    assert redact("a cat") == "a cat"


def test_references_can_be_read_aloud_and_differ() -> None:
    many = {reference() for _ in range(1_000)}
    assert len(many) == 1_000
    assert all(re.fullmatch("[A-HJKMNP-Z2-9]{8}", one) for one in many)
