"""Two thousand mail users in four accounts, each with a deletion that is due and a notice that stands in the channel."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import SecretStr
from sqlalchemy import insert

from bot.clock import SystemClock
from bot.model import Deletion, DeletionState, NoticeKind, ProviderKind, ProviderVerdict, Target, TargetKind
from bot.sandbox.mail_data import SimulatedAccount, SimulatedDomain, SimulatedUser
from bot.sandbox.manifest import load_manifest
from bot.sandbox.purelymail import PurelyMailSimulator
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.workspace import BOT_USER, Channel, Message, Person, Workspace
from bot.settings import (
    ChannelSettings,
    DatabaseSettings,
    OperatorSettings,
    PurelyMailSettings,
    Settings,
    SlackSettings,
    TimeSettings,
)
from bot.storage.database import Database
from bot.storage.deletion_rows import to_row
from bot.storage.tables import deletions, notices

ACCOUNTS = ("north", "east", "south", "west")
ROWS = 2000
"""Together: PurelyMail lists no more than 1,000 users of an account, and what it does not list is not read back."""

GRACE = timedelta(hours=24)
CHANNEL = "C0MAILOPS"
REQUESTER, ADMIN = "U0BEN", "U0ADA"
_TOKEN = "xoxb-replicas"


@dataclass(frozen=True, slots=True)
class Stage:
    """`messages` are the notices, in the order in which the rows are due."""

    settings: Settings
    slack: Workspace
    mail: dict[str, PurelyMailSimulator]
    messages: list[Message]

    def asked_to_delete(self) -> list[str]:
        """The addresses of all calls, with an effect or without."""
        return [
            call["body"]["userName"]
            for simulator in self.mail.values()
            for call in simulator.calls
            if call["operation"] == "deleteUser"
        ]

    def deleted(self) -> list[str]:
        return [
            body["userName"] for simulator in self.mail.values() for body in simulator.effective("deleteUser")
        ]

    def left(self) -> set[str]:
        return {address for simulator in self.mail.values() for address in simulator.account.users}


def due_rows(now: datetime) -> list[Deletion]:
    """In the order in which they are due, the last one long ago; the accounts take turns."""
    first = now - 2 * GRACE
    return [
        Deletion(
            id=f"{number:032x}",
            request_id=f"request{number:025x}",
            target=Target(ACCOUNTS[number % len(ACCOUNTS)], TargetKind.USER, _address(number)),
            label=_address(number),
            reason="left the company",
            requested_by=REQUESTER,
            requested_at=first + timedelta(seconds=number),
            grace=GRACE,
            state=DeletionState.PENDING,
            notice_channel=CHANNEL,
            notice_ts=_ts(number),
            noticed_at=first + timedelta(seconds=number),
            execute_at=first + timedelta(seconds=number) + GRACE,
        )
        for number in range(ROWS)
    ]


async def fill(url: str, rows: list[Deletion]) -> None:
    database = Database(url)
    async with database.transaction() as session:
        await session.execute(insert(deletions), [to_row(row) for row in rows])
        await session.execute(
            insert(notices),
            [
                {
                    "kind": NoticeKind.DELETION.value,
                    "subject": row.request_id,
                    "channel": row.notice_channel,
                    "wanted": 1,
                    "posted": 1,
                    "ts": row.notice_ts,
                    "attempts": 0,
                    "next_try_at": row.noticed_at,
                }
                for row in rows
            ],
        )
    await database.aclose()


@asynccontextmanager
async def open_stage(url: str, rows: list[Deletion]) -> AsyncIterator[Stage]:
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        mail = {}
        for account in ACCOUNTS:
            addresses = [row.target.id for row in rows if row.target.account == account]
            mail[account] = PurelyMailSimulator(_account(addresses), clock=clock)
            await mail[account].start()
            stack.push_async_callback(mail[account].stop)
        messages = [Message(row.notice_ts or "", BOT_USER, row.label, []) for row in rows]
        workspace = Workspace(
            people=[Person(REQUESTER, "ben", "admin"), Person(ADMIN, "ada", "admin")],
            channels=[Channel(CHANNEL, "mail-ops", {BOT_USER}, messages=messages)],
            clock=clock,
        )
        slack = SlackServer(
            workspace, scopes=load_manifest().scopes, bot_token=_TOKEN, app_token="xapp-replicas"
        )
        await slack.start()
        stack.push_async_callback(slack.stop)
        settings = Settings(
            slack=SlackSettings(
                bot_token=SecretStr(_TOKEN), app_token=SecretStr("xapp-replicas"), api_url=slack.api_url
            ),
            accounts=tuple(
                PurelyMailSettings(
                    name=name,
                    provider=ProviderKind.PURELYMAIL,
                    api_token=SecretStr(simulator.credentials["api_token"]),
                    base_url=simulator.url,
                )
                for name, simulator in mail.items()
            ),
            operators=OperatorSettings(admins=(REQUESTER, ADMIN)),
            channels=ChannelSettings(deletions=CHANNEL, digest=CHANNEL),
            times=TimeSettings(timezone=ZoneInfo("Europe/Zurich")),
            database=DatabaseSettings(url=url),
        )
        yield Stage(settings, workspace, mail, messages)


def _address(number: int) -> str:
    return f"person{number:04d}@{ACCOUNTS[number % len(ACCOUNTS)]}.example"


def _ts(number: int) -> str:
    return f"1790000000.{number:06d}"


def _account(addresses: list[str]) -> SimulatedAccount:
    domain = addresses[0].partition("@")[2]
    verdict = ProviderVerdict(mx=True, spf=True, dkim=True, dmarc=True)
    return SimulatedAccount(
        users={address: SimulatedUser(address, "made-up") for address in addresses},
        domains={domain: SimulatedDomain(domain, verdict)},
    )
