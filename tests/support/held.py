"""What the mail system of a sandbox really holds, and what a window really shows."""

from datetime import timedelta
from typing import Any

from bot.sandbox.mailinabox.made_up import LOGIN
from bot.sandbox.run import Sandbox
from bot.sandbox.slack.people import Submitted
from bot.sandbox.slack.screen import Screen
from bot.sandbox.slack.workspace import Channel, View


async def users(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """address → what the simulator of the first account holds of that mail user."""
    first = next(iter(sandbox.accounts.values()))
    return {user["address"]: user for user in (await first.snapshot())["users"]}


async def somebody(sandbox: Sandbox, number: int = 0) -> str:
    """The address of a mail user who is there from the start, and neither the bot's own login nor asking for failures."""
    ordinary = [one for one in sorted(await users(sandbox)) if one != LOGIN and "silent" not in one]
    return ordinary[(10 + number) % len(ordinary)]


async def a_domain(sandbox: Sandbox) -> str:
    """A domain of the account."""
    return min(address.partition("@")[2] for address in await users(sandbox))


def copied(view: View, block_id: str) -> str:
    """What a person copies from a block of preformatted text."""
    (block,) = [block for block in view.blocks if block["block_id"] == block_id]
    return str(block["elements"][0]["elements"][0]["text"])


def everything_said(sandbox: Sandbox) -> str:
    """All messages in all channels, to whomever."""
    return "\n".join(
        f"{message.text}{message.blocks}" for channel in channels(sandbox) for message in channel.messages
    )


def channels(sandbox: Sandbox) -> list[Channel]:
    return list(sandbox.slack.channels.values())


async def later(sandbox: Sandbox, by: timedelta) -> None:
    """Move the clock ahead, and let everything happen that became due."""
    await sandbox.settled()
    sandbox.clock.advance(by)
    await sandbox.bot.wake()


async def refused(screen: Screen, submitted: Submitted, field: str, *texts: str) -> None:
    """The form is refused with these words: at that field, or above it where the answer took longer than Slack waits."""
    assert texts
    await screen.sees(*texts)
    assert list(submitted.errors or {field: ""}) == [field]


async def opens(screen: Screen, command: str, text: str = "") -> View:
    """Send a command and wait for its window."""
    await screen.command(command, text)
    return await screen.view()
