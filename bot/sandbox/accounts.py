"""The mail accounts of a sandbox: what they hold at the beginning, the servers they are on, and how the bot is told of them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from bot.clock import Clock
from bot.model import ProviderKind, ProviderVerdict
from bot.sandbox.mail_data import SimulatedAccount, sandbox_account
from bot.sandbox.mailinabox import MailInABoxSimulator, SimulatedBox, sandbox_box
from bot.sandbox.purelymail import PurelyMailSimulator
from bot.settings import AccountSettings, MailInABoxSettings, PurelyMailSettings

ACCOUNT = "main"
BOX = "box"

MailSimulator = PurelyMailSimulator | MailInABoxSimulator
Holdings = Mapping[str, SimulatedAccount | SimulatedBox]
"""What each account holds, by its name in the bot. The kind of it says which mail system it is on."""


@dataclass(frozen=True, slots=True)
class Eyes:
    """How a PurelyMail sees the DNS: a domain's verdict, and whether it publishes the ownership code."""

    look: Callable[[str], Awaitable[ProviderVerdict]]
    owned: Callable[[str], Awaitable[bool]]


def one_account() -> dict[str, SimulatedAccount | SimulatedBox]:
    return {ACCOUNT: sandbox_account()}


def both_kinds() -> dict[str, SimulatedAccount | SimulatedBox]:
    """A PurelyMail account and a box."""
    return {ACCOUNT: sandbox_account(), BOX: sandbox_box()}


def simulator_for(held: SimulatedAccount | SimulatedBox, clock: Clock, eyes: Eyes) -> MailSimulator:
    """A server with that account, not started yet."""
    if isinstance(held, SimulatedBox):
        return MailInABoxSimulator(held, clock=clock)
    return PurelyMailSimulator(held, clock=clock, look=eyes.look, owned=eyes.owned)


def settings_for(name: str, simulator: MailSimulator, patience: float) -> AccountSettings:
    """What the bot's configuration says of the account. The server is running."""
    if isinstance(simulator, MailInABoxSimulator):
        return MailInABoxSettings(
            name=name,
            provider=ProviderKind.MAILINABOX,
            base_url=simulator.url,
            login=simulator.credentials["login"],
            password=SecretStr(simulator.credentials["password"]),
            timeout=patience,
        )
    return PurelyMailSettings(
        name=name,
        provider=ProviderKind.PURELYMAIL,
        api_token=SecretStr(simulator.credentials["api_token"]),
        base_url=simulator.url,
        timeout=patience,
    )
