"""More domains for a sandbox, and what is stored of them without looking at any."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model import DomainHealth, Finding, Grade, MailDomain, NoticeKind, ProviderVerdict, Subject
from bot.sandbox.accounts import ACCOUNT
from bot.sandbox.mail_data import SimulatedDomain
from bot.sandbox.mailinabox import MailInABoxSimulator
from bot.sandbox.run import Sandbox
from bot.sandbox.slack.workspace import Message
from bot.sandbox.zones import MAIL_HOST, healthy
from bot.storage import directory, findings
from bot.storage.database import Database

CHANNEL = "mail-digest"

SECOND_LOOK = timedelta(minutes=6)
"""Long enough after the first one: the sandbox's answers may be kept for 5 minutes."""


@dataclass(frozen=True, slots=True)
class Story:
    """What is to be told of the domains of a sandbox's first account.

    `broken` has one fault only, of `subject`; `record` mends it: name, type, value; the MX with its priority.
    """

    broken: str
    healthy: str
    subject: str
    line: str
    found: str
    problem: str
    record: tuple[str, str, str]
    marks: str
    counts: str
    needs: str

    def mend(self, sandbox: Sandbox) -> None:
        name, rdtype, value = self.record
        sandbox.dns.set_records(name, rdtype, [value])

    @property
    def to_publish(self) -> str:
        """The record as it is shown, to be copied."""
        name, rdtype, value = self.record
        priority, _, host = value.removesuffix(".").partition(" ")
        lines = [f"Prio   {priority}", f"Value  {host}"] if rdtype == "MX" else [f"Value  {value}"]
        return "\n".join([f"Name   {name}", f"Type   {rdtype}", *lines])


PURELYMAIL_STORY = Story(
    broken="oldbrand.example",
    healthy="acme-tools.example",
    subject="MX",
    line="MX ❌   SPF ✅   DKIM ✅   DMARC ✅",
    found="Found:\n10 mx.oldprovider.example",
    problem=f"The MX of oldbrand.example is mx.oldprovider.example, not {MAIL_HOST}.",
    record=("oldbrand.example", "MX", f"10 {MAIL_HOST}."),
    marks="❌❌❌⚠✅✅",
    counts="6 domains: 3 failing, 1 with warnings, 2 ok.",
    needs="4 of 6 domains need you.",
)
BOX_STORY = Story(
    broken="millbakery.example",
    healthy="riverside.example",
    subject="DMARC",
    line="MX ✅   SPF ✅   DKIM ✅   DMARC ❌",
    found="",
    problem="There is no DMARC record at _dmarc.millbakery.example.",
    record=("_dmarc.millbakery.example", "TXT", "v=DMARC1; p=quarantine;"),
    marks="❌❌✅✅",
    counts="4 domains: 2 failing, 2 ok.",
    needs="2 of 4 domains need you.",
)


def story_of(sandbox: Sandbox) -> Story:
    first = next(iter(sandbox.accounts.values()))
    return BOX_STORY if isinstance(first, MailInABoxSimulator) else PURELYMAIL_STORY


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
