"""More domains for a sandbox, and what is stored of them without looking at any."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.model import DomainHealth, Finding, Grade, MailDomain, NoticeKind, ProviderVerdict, Subject
from bot.sandbox.accounts import ACCOUNT
from bot.sandbox.mail_data import SimulatedDomain
from bot.sandbox.run import Sandbox
from bot.sandbox.slack.workspace import Message
from bot.sandbox.zones import MAIL_HOST, healthy
from bot.storage import directory, findings
from bot.storage.database import Database

CHANNEL = "mail-digest"

SECOND_LOOK = timedelta(minutes=6)
"""Long enough after the first one: the sandbox's answers may be kept for 5 minutes."""


def alerts(sandbox: Sandbox) -> list[Message]:
    """The messages about domains that broke or are good again, the oldest first."""
    return [
        message
        for message in sandbox.slack.channel(CHANNEL).messages
        if message.metadata is not None and message.metadata["event_payload"]["kind"] == NoticeKind.DNS_ALERT
    ]


def labels(message: Message) -> list[str]:
    """The buttons of a message."""
    return [
        str(element["text"]["text"])
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]


async def added(sandbox: Sandbox, names: Sequence[str], *, broken: bool = False) -> None:
    """Have these domains, in the mail system, in DNS and in the directory."""
    verdict = ProviderVerdict(mx=not broken, spf=True, dkim=True, dmarc=True)
    for name in names:
        sandbox.purelymail.account.domains[name] = SimulatedDomain(name, verdict)
        for (owner, rdtype), values in healthy(name).items():
            sandbox.dns.set_records(owner, rdtype, values)
        if broken:
            break_mx(sandbox, name)
    await sandbox.bot.services.directory.refresh(ACCOUNT)


async def removed(sandbox: Sandbox, name: str) -> None:
    """Have this domain no more."""
    del sandbox.purelymail.account.domains[name]
    await sandbox.bot.services.directory.refresh(ACCOUNT)


def break_mx(sandbox: Sandbox, *names: str) -> None:
    for name in names:
        sandbox.dns.remove(name, "MX")


def mend_mx(sandbox: Sandbox, *names: str) -> None:
    for name in names:
        sandbox.dns.set_records(name, "MX", [f"10 {MAIL_HOST}."])


async def looked_at(sandbox: Sandbox, *, after: timedelta = timedelta(0)) -> None:
    """Look at all domains now, beside the budget, and let the channel hear of it."""
    await sandbox.bot.settled()
    sandbox.clock.advance(after)
    _ = await sandbox.bot.services.dns.check_all()
    await sandbox.settled()


async def pretended(sandbox: Sandbox, healths: Sequence[DomainHealth]) -> None:
    """Have exactly these domains in the directory, and this stored of them."""
    database = Database(sandbox.settings.database.url)
    async with database.transaction() as session:
        names = [MailDomain(ACCOUNT, health.domain) for health in healths]
        await directory.put_domains(session, ACCOUNT, names)
        for health in healths:
            await findings.put(session, [health])
    await database.aclose()


def a_pretence(name: str, grade: Grade, at: datetime) -> DomainHealth:
    """What might be stored of a domain."""
    finding = Finding(Subject.MX, "MX_MISSING", grade, f"{name} has no MX record.", since=at)
    return DomainHealth(ACCOUNT, name, at, (finding,))
