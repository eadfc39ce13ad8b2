"""The daily digest: at its hour, once a day, whoever wakes up."""

import asyncio
import copy
from datetime import timedelta

from bot.dns.daily import DailyDigest
from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import readable
from bot.sandbox.slack.workspace import Message


def digests(sandbox: Sandbox) -> list[Message]:
    return sandbox.slack.channels["C0DIGEST"].messages


async def later(sandbox: Sandbox, by: timedelta) -> None:
    sandbox.clock.advance(by)
    await sandbox.bot.wake()


async def test_nothing_is_made_up_for_on_the_first_day(sandbox: Sandbox) -> None:
    assert digests(sandbox) == []
    await sandbox.bot.wake()
    assert digests(sandbox) == []


async def test_digest_is_posted_once_a_day_with_problems_first(sandbox: Sandbox) -> None:
    await later(sandbox, timedelta(days=1))
    await sandbox.bot.wake()
    (digest,) = digests(sandbox)
    said = readable(digest)
    assert said.index("oldbrand.example") < said.index("acme-tools.example")
    assert "mailserver.purelymail.com" in said
    await later(sandbox, timedelta(days=1))
    assert len(digests(sandbox)) == 2


async def test_missed_days_are_caught_up_with_one_digest(sandbox: Sandbox) -> None:
    await later(sandbox, timedelta(days=5))
    assert len(digests(sandbox)) == 1


async def test_replicas_that_wake_together_post_one_digest(sandbox: Sandbox) -> None:
    ours = sandbox.bot.services.digest
    other: DailyDigest = copy.copy(ours)
    other._running = asyncio.Lock()
    other._worker = "another replica"
    sandbox.clock.advance(timedelta(days=1))
    await asyncio.gather(ours.run_due(), other.run_due())
    await sandbox.bot.wake()
    assert len(digests(sandbox)) == 1


async def test_digest_that_slack_refused_is_posted_later(sandbox: Sandbox) -> None:
    sandbox.server.faults.inject("chat.postMessage", 1, {"status": 503})
    await later(sandbox, timedelta(days=1))
    assert digests(sandbox) == []
    await later(sandbox, timedelta(minutes=1))
    assert len(digests(sandbox)) == 1


async def test_mended_domain_is_healthy_in_the_next_digest(sandbox: Sandbox) -> None:
    sandbox.dns.set_records("oldbrand.example", "MX", ["10 mailserver.purelymail.com."])
    await later(sandbox, timedelta(days=1))
    told = digests(sandbox)[0].text
    assert "oldbrand.example" not in told
    assert "newshop.example" in told


async def test_domains_are_looked_at_as_soon_as_they_are_known_and_then_left_to_the_digest(
    sandbox: Sandbox,
) -> None:
    healths = await sandbox.bot.services.dns.latest()
    assert {health.domain for health in healths} == set(sandbox.purelymail.account.domains)
    asked = sandbox.dns.asked.total()
    await sandbox.bot.wake()
    assert sandbox.dns.asked.total() == asked
