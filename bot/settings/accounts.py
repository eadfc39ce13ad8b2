"""The tables [[accounts]]: each mail system has keys of its own."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from bot.model import ProviderKind
from bot.settings.base import Key, Table
from bot.settings.values import AccountName, CaFile, Login, Url, VariableName

NO_ACCOUNTS = """\
accounts: no mail account is configured. Write at least one:

    [[accounts]]
    name = "main"
    provider = "purelymail"
"""
_Name = Annotated[
    AccountName,
    Key(
        "What the account is called in Slack.",
        "up to 32 lower-case letters, digits, - and _, the first a letter or digit",
    ),
]
_PROVIDER = Key(
    "The mail system of the account: `purelymail` or `mailinabox`.",
    "one of " + ", ".join(f'"{kind}"' for kind in ProviderKind),
)
_VARIABLE = "the name of an environment variable, in capitals"


class PurelyMailSettings(Table):
    name: _Name
    provider: Annotated[Literal[ProviderKind.PURELYMAIL], _PROVIDER]
    api_token: SecretStr
    api_token_env: Annotated[
        VariableName,
        Key("The environment variable that holds the account's API token.", _VARIABLE, private=True),
    ] = "PURELYMAIL_API_TOKEN"  # noqa: S105 - the name of a variable, not a secret
    base_url: Annotated[
        Url, Key("Where the mail system's API is.", "an https address, or http on this machine")
    ] = "https://purelymail.com"
    timeout: Annotated[
        float,
        Field(strict=True, gt=0, le=60),
        Key("Seconds to wait for an answer.", "seconds, more than 0 and at most 60"),
    ] = 20.0
    low_credit: Annotated[
        float,
        Field(strict=True, ge=0, le=100_000),
        Key(
            "Warn once where less than so many US dollars are left of the account's credit; 0 for no warning.",
            "US dollars, from 0 to 100000",
        ),
    ] = 5.0

    @property
    def secret(self) -> SecretStr:
        return self.api_token

    @property
    def secret_env(self) -> str:
        return self.api_token_env


class MailInABoxSettings(Table):
    name: _Name
    provider: Annotated[Literal[ProviderKind.MAILINABOX], _PROVIDER]
    base_url: Annotated[
        Url,
        Key(
            "Where the box's API is: its control panel, `/admin` on the box.",
            'an address such as "https://box.example.com/admin", or http on this machine',
        ),
    ]
    login: Annotated[
        Login,
        Key(
            "The address of an administrator of the box; empty to use the box's API key.",
            'an address in lower case such as "mailwarden@example.com", or ""',
        ),
    ] = ""
    password: SecretStr
    """The login's password; the box's API key where there is no login."""
    password_env: Annotated[
        VariableName,
        Key(
            "The environment variable that holds the login's password, or the box's API key.",
            _VARIABLE,
            private=True,
        ),
    ] = "MAILINABOX_PASSWORD"  # noqa: S105 - the name of a variable, not a secret
    ca_file: Annotated[
        CaFile,
        Key(
            "A file with the certificates to trust, where the box's is not from a public authority.",
            "the path of a file with certificates in PEM",
        ),
    ] = ""
    timeout: Annotated[
        float,
        Field(strict=True, gt=0, le=300),
        Key(
            "Seconds to wait for an answer. A box answers one request after the other.",
            "seconds, more than 0 and at most 300",
        ),
    ] = 60.0

    @property
    def secret(self) -> SecretStr:
        return self.password

    @property
    def secret_env(self) -> str:
        return self.password_env


AccountSettings = PurelyMailSettings | MailInABoxSettings
"""An account of any mail system; `provider` says which."""

ACCOUNT_MODELS: Mapping[ProviderKind, type[PurelyMailSettings | MailInABoxSettings]] = {
    ProviderKind.PURELYMAIL: PurelyMailSettings,
    ProviderKind.MAILINABOX: MailInABoxSettings,
}


def _at_least_one(accounts: tuple[AccountSettings, ...]) -> tuple[AccountSettings, ...]:
    if not accounts:
        raise ValueError(NO_ACCOUNTS)
    return accounts


Accounts = Annotated[
    tuple[Annotated[AccountSettings, Field(discriminator="provider")], ...], AfterValidator(_at_least_one)
]
