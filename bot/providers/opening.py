"""The client that goes with an account's settings."""

from bot.providers.base import MailProvider
from bot.providers.mailinabox import MailInABox
from bot.providers.purelymail import PurelyMail
from bot.settings import AccountSettings, MailInABoxSettings, PurelyMailSettings


def open_provider(account: AccountSettings) -> MailProvider:
    """A client of the account's mail system. Close it with `aclose`."""
    match account:
        case PurelyMailSettings():
            return PurelyMail(
                account.name, token=account.api_token, base_url=account.base_url, timeout=account.timeout
            )
        case MailInABoxSettings():
            return MailInABox(
                account.name,
                base_url=account.base_url,
                login=account.login,
                password=account.password,
                ca_file=account.ca_file,
                timeout=account.timeout,
            )
