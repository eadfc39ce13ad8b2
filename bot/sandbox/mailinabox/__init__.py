"""A Mail-in-a-Box on loopback."""

from bot.sandbox.mailinabox.data import BoxAlias, BoxUser, Mailbox, SecondFactor, SimulatedBox
from bot.sandbox.mailinabox.made_up import sandbox_box
from bot.sandbox.mailinabox.server import MailInABoxSimulator
from bot.sandbox.mailinabox.totp import totp

__all__ = [
    "BoxAlias",
    "BoxUser",
    "MailInABoxSimulator",
    "Mailbox",
    "SecondFactor",
    "SimulatedBox",
    "sandbox_box",
    "totp",
]
