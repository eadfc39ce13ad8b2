"""What the messages about domains say, and what operators ask of them: silence for a while, and its end."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import Act, record
from bot.clock import Bell, Clock
from bot.errors import NotFound, TooLate
from bot.model import Grade, MailDomain, NoticeKind, Operator
from bot.notices import want_again
from bot.storage import alerts, domain_looks, findings
from bot.storage.alerts import Alert, AlertItem, Mute
from bot.storage.database import Database

Name = tuple[str, str]
"""(account, domain)"""

EXPLAINED = 10
"""For so many items of an alert it is looked up what they mean for mail."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """An alert, and what its message says beside it, as it is now.

    By domain: `mutes` (the newest, which may have run out) and `grades`. `why`: what an open item means for mail, for
    the first few.
    """

    alert: Alert
    mutes: Mapping[Name, Mute] = field(default_factory=dict)
    grades: Mapping[Name, Grade] = field(default_factory=dict)
    why: Mapping[AlertItem, str] = field(default_factory=dict)

    @property
    def names(self) -> set[Name]:
        return {(item.account, item.domain) for item in self.alert.items}


async def load(session: AsyncSession, alert_id: str) -> Announcement | None:
    """What the message of an alert is made from; None if there is no such alert."""
    alert = await alerts.get(session, alert_id)
    if alert is None:
        return None
    names = {(item.account, item.domain) for item in alert.items}
    grades = await findings.grades(session)
    why: dict[AlertItem, str] = {}
    for item in [item for item in alert.items if item.over_at is None][:EXPLAINED]:
        health = await findings.get(session, item.account, item.domain)
        for finding in () if health is None else health.findings:
            if (finding.subject, finding.tag) == (item.subject, item.tag):
                why[item] = finding.why
    return Announcement(
        alert,
        await alerts.mutes_of(session, names),
        {name: grade for name, grade in grades.items() if name in names},
        why,
    )


class Announcements:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        bell: Bell,
        domains: Callable[[], Awaitable[list[MailDomain]]],
    ) -> None:
        self._database = database
        self._clock = clock
        self._bell = bell
        self._domains = domains

    async def about(self, alert_id: str) -> Alert:
        """An alert as it is now. Raises NotFound."""
        async with self._database.reading() as session:
            alert = await alerts.get(session, alert_id)
        if alert is None:
            raise NotFound("Nothing is known of this alert any more. See /mail-dns for how things are.")
        return alert

    async def present(self, names: Collection[Name]) -> list[MailDomain]:
        """Those of these domains that are there now. Raises NotFound if none is."""
        there = [domain for domain in await self._domains() if (domain.account, domain.name) in names]
        if not there:
            one = next(iter(names))[1] if len(names) == 1 else None
            raise NotFound("None of these is a domain here any more." if one is None else not_here(one))
        return there

    async def mute(self, operator: Operator, names: Collection[Name], *, length: timedelta) -> datetime:
        """Have nothing told of these domains for so long; returns until when. Raises NotFound if none is there any more.

        They are looked at and shown as ever, and messages that stand already go on saying how things are.
        """
        now = self._clock.now()
        until = now + length
        there = {(domain.account, domain.name) for domain in await self.present(names)}
        async with self._database.transaction() as session:
            await alerts.mute(session, there, until=until, by=operator.slack_id)
            for account, domain in sorted(there):
                await record(
                    session,
                    at=now,
                    actor=operator.slack_id,
                    act=Act.DNS_MUTED,
                    account=account,
                    target=domain,
                    detail=f"until {until:%Y-%m-%d %H:%M} UTC",
                )
            await self._tell_again(session, there, now=now)
        self._bell.ring()
        return until

    async def unmute(self, operator: Operator, names: Collection[Name]) -> list[Name]:
        """Have changes of these domains told again; returns those that were muted. Raises TooLate if none was."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            mutes = await alerts.mutes_of(session, names)
            _ = await alerts.unmute(session, names)
            ended = sorted(name for name, mute in mutes.items() if mute.until > now)
            for account, domain in ended:
                await record(
                    session,
                    at=now,
                    actor=operator.slack_id,
                    act=Act.DNS_UNMUTED,
                    account=account,
                    target=domain,
                )
            await self._tell_again(session, names, now=now)
        self._bell.ring()
        if not ended:
            raise TooLate("Nothing of this is muted any more.")
        return ended

    async def muted(self) -> dict[Name, Mute]:
        """The domains of which nothing is told now."""
        now = self._clock.now()
        async with self._database.reading() as session:
            mutes = await alerts.mutes_of(session)
        return {name: mute for name, mute in mutes.items() if mute.until > now}

    async def hurry(self, domains: Collection[MailDomain]) -> None:
        """Have these looked at when the watch is next woken: for more than anybody would wait for."""
        async with self._database.transaction() as session:
            names = {(domain.account, domain.name) for domain in domains}
            await domain_looks.hurry(session, names, now=self._clock.now())

    async def _tell_again(self, session: AsyncSession, names: Collection[Name], *, now: datetime) -> None:
        for alert_id in await alerts.telling_of(session, names):
            await want_again(session, NoticeKind.DNS_ALERT, subject=alert_id, now=now)


def not_here(domain: str) -> str:
    return f"{domain} is not a domain here any more."
