"""A Mail-in-a-Box on loopback."""

from bot.sandbox.mailinabox.data import BoxAlias, BoxUser, Mailbox, SecondFactor, SimulatedBox
from bot.sandbox.mailinabox.made_up import sandbox_box
from bot.sandbox.mailinabox.server import MailInABoxSimulator
from bot.sandbox.mailinabox.totp import totp
from bot.sandbox.mailinabox.zones import box_zones

__all__ = [
    "BoxAlias",
    "BoxUser",
    "MailInABoxSimulator",
    "Mailbox",
    "SecondFactor",
    "SimulatedBox",
    "box_zones",
    "sandbox_box",
    "totp",
]
