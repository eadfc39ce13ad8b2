"""The command line: `mailwarden run`, `mailwarden doctor`, `mailwarden digest`, `mailwarden audit`, `mailwarden sandbox`."""

import argparse
import asyncio
import errno
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, suppress
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from bot.errors import ConfigError
from bot.observability import configure_logging, register_secret
from bot.settings import Settings, load_settings, read_env_file

T = TypeVar("T")
log = logging.getLogger("bot.main")

CONFIG = Path("mailwarden.toml")
SANDBOX_PORT = 8025


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0 when it did what was asked, 1 when it could not, 2 for a wrong command line."""
    chosen = _parser().parse_args(arguments)
    try:
        sys.exit(chosen.command(chosen))
    except KeyboardInterrupt:
        # Only where signals can't be handled inside the event loop (Windows), or before it runs.
        sys.exit(0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mailwarden", description="A Slack bot for the people who run mail for a team."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('mailwarden')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    configured = argparse.ArgumentParser(add_help=False)
    configured.add_argument(
        "--config", type=Path, default=CONFIG, metavar="FILE", help="the configuration (default: %(default)s)"
    )
    configured.add_argument(
        "--env-file",
        type=Path,
        metavar="FILE",
        help="NAME=VALUE lines to add to the environment; what is set there wins",
    )

    run = commands.add_parser("run", parents=[configured], help="work in Slack until told to stop")
    run.set_defaults(command=_run)

    doctor = commands.add_parser(
        "doctor", parents=[configured], help="check the configuration, Slack, the mail accounts and DNS"
    )
    doctor.set_defaults(command=_doctor)

    digest = commands.add_parser(
        "digest", parents=[configured], help="print the DNS digest as it would be now, or have it posted"
    )
    digest.add_argument(
        "--now", action="store_true", help="have the running bot post one beside the regular ones"
    )
    digest.add_argument("--dry-run", action="store_true", help="only print it; nothing is posted")
    digest.set_defaults(command=_digest, complain=digest.error)

    audit = commands.add_parser("audit", help="look after the record of who did what")
    verify = audit.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "verify", parents=[configured], help="check that nobody has changed, removed or added entries"
    )
    verify.add_argument(
        "--seal",
        metavar="NUMBER:DIGEST",
        help="a seal from an export or an earlier check, which has to be there as it was",
    )
    verify.set_defaults(command=_verify, complain=verify.error)

    sandbox = commands.add_parser("sandbox", help="try all of it in the browser, with no account anywhere")
    sandbox.add_argument(
        "--port", type=_port, default=SANDBOX_PORT, help="default: %(default)s; 0 picks a free one"
    )
    sandbox.add_argument(
        "--data", type=Path, metavar="DIR", help="keep the bot's state there (default: nothing is kept)"
    )
    sandbox.add_argument("--no-page", action="store_true", help="serve the interfaces only, without the page")
    sandbox.set_defaults(command=_sandbox)
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port < 65_536:
        raise argparse.ArgumentTypeError("expected a number from 0 to 65535")
    return port


def _settings(chosen: argparse.Namespace) -> Settings:
    added = read_env_file(chosen.env_file) if chosen.env_file else {}
    settings = load_settings(chosen.config, {**added, **os.environ})
    for secret in (
        settings.slack.bot_token,
        settings.slack.app_token,
        *(account.secret for account in settings.accounts),
        *filter(None, [settings.database.password]),
    ):
        register_secret(secret.get_secret_value())
    return settings


def _run(chosen: argparse.Namespace) -> int:
    try:
        settings = _settings(chosen)
    except ConfigError as error:
        return _fail(*error.problems)
    _ = configure_logging(settings.logging.level)

    from aiohttp import ClientError  # noqa: PLC0415 - a wrong configuration is told before all of this is loaded
    from slack_sdk.errors import SlackApiError  # noqa: PLC0415 - as above

    from bot.app import running_bot  # noqa: PLC0415 - as above

    try:
        return asyncio.run(_until_told(running_bot(settings)))
    except SlackApiError as error:
        return _fail(
            f"Slack does not let the bot in: {error.response['error']}. `mailwarden doctor` says what to do."
        )
    except (ClientError, TimeoutError) as error:
        return _fail(
            f"Slack can't be reached: {error or 'no answer in time'}. `mailwarden doctor` says more."
        )
    except ConfigError as error:
        return _fail(*error.problems)


def _doctor(chosen: argparse.Namespace) -> int:
    from bot.doctor import examine  # noqa: PLC0415 - as above

    _ = configure_logging("ERROR")
    try:
        settings = _settings(chosen)
    except ConfigError as error:
        for problem in error.problems:
            print(f"✗ {problem}")
        return 1
    print(f"✓ {chosen.config}: every key is understood")

    async def all_checks() -> bool:
        healthy = True
        async for check in examine(settings):
            print(check, flush=True)
            healthy = healthy and check.passed
        return healthy

    return 0 if asyncio.run(all_checks()) else 1


def _digest(chosen: argparse.Namespace) -> int:
    if not (chosen.now or chosen.dry_run):
        chosen.complain("add --dry-run to print the digest of this moment, or --now to have it posted")
    from bot import digest_now  # noqa: PLC0415 - as above

    _ = configure_logging("ERROR")
    try:
        settings = _settings(chosen)
        if chosen.dry_run:
            print(asyncio.run(digest_now.printed(settings)))
        else:
            asyncio.run(digest_now.ask(settings))
            print(f"Asked for. The bot posts it in {settings.channels.digest} within a minute, if it runs.")
    except ConfigError as error:
        return _fail(*error.problems)
    return 0


def _verify(chosen: argparse.Namespace) -> int:
    from bot import audit_verify  # noqa: PLC0415 - as above

    _ = configure_logging("ERROR")
    try:
        known = None if chosen.seal is None else audit_verify.known_seal(chosen.seal)
    except ValueError as error:
        chosen.complain(f"argument --seal: {error}")
    try:
        found = asyncio.run(audit_verify.verdict(_settings(chosen), known))
    except ConfigError as error:
        return _fail(*error.problems)
    print(audit_verify.report(found))
    return 0 if found.holds else 1


def _sandbox(chosen: argparse.Namespace) -> int:
    from bot.sandbox.accounts import both_kinds  # noqa: PLC0415 - as above
    from bot.sandbox.run import Sandbox, open_sandbox  # noqa: PLC0415 - as above

    def ready(sandbox: Sandbox) -> None:
        print(f"The sandbox is open, with made-up people, mail and DNS. In your browser:\n\n{sandbox.url}\n")
        print("Ctrl-C stops it.", flush=True)

    _ = configure_logging("WARNING")
    with ExitStack() as stack:
        data = chosen.data or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="mailwarden-", ignore_cleanup_errors=True))
        )
        try:
            return asyncio.run(
                _until_told(
                    open_sandbox(data, accounts=both_kinds(), port=chosen.port, page=not chosen.no_page),
                    ready,
                )
            )
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return _fail(
                f"Port {chosen.port} is taken. Choose another with --port, or let --port 0 pick a free one."
            )


async def _until_told(
    opening: AbstractAsyncContextManager[T], ready: Callable[[T], None] = lambda _: None
) -> int:
    """Hold it open until SIGINT or SIGTERM, then leave in order: 0. Told twice, leave at once: 1."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None
    told = asyncio.Event()
    impatient = False
    opened = False

    def tell() -> None:
        nonlocal impatient
        impatient = opened and told.is_set()
        if impatient or not opened:
            task.cancel()
        told.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, tell)
    try:
        async with opening as opened_one:
            opened = True
            ready(opened_one)
            _ = await told.wait()
            log.info("finishing what is under way")
    except asyncio.CancelledError:
        if not told.is_set():
            raise
    return _fail("Stopped at once. The next start takes up what was under way.") if impatient else 0


def _fail(*sentences: str) -> int:
    print(*sentences, sep="\n", file=sys.stderr)
    return 1


if __name__ == "__main__":
    main()
