"""The settings, table by table. Each key says what it means and what belongs there, for messages and for the README."""

from datetime import time, timedelta
from typing import Annotated, Any, Self

from pydantic import Field, SecretStr, model_validator

from bot.settings.accounts import Accounts
from bot.settings.base import Key, Table
from bot.settings.values import (
    ChannelId,
    DatabaseUrl,
    Hours,
    Level,
    Minutes,
    Names,
    OptionalChannelId,
    Resolvers,
    SlackIds,
    SlackUrl,
    TimeOfDay,
    Weekday,
    Zone,
    split_password,
)

_IDS = 'a list of Slack ids, of people ("U0123ABCD") or of user groups ("S0123ABCD")'
_IDS_HINT = (
    'In Slack, open a person\'s profile, then its menu, then "Copy member ID". '
    "A user group's id is at the end of the address of its page."
)
_CHANNEL = 'a channel id such as "C0123ABCD"'
_CHANNEL_HINT = (
    'In Slack, click the channel\'s name at the top: the id is at the end of "About". '
    "Then invite the bot there: /invite @mailwarden"
)
NO_OPERATORS = """\
operators: nobody may use the bot yet. Write at least one Slack id, your own to begin with:

    [operators]
    owners = ["U0123ABCD"]
"""


class SlackSettings(Table):
    bot_token: SecretStr
    app_token: SecretStr
    api_url: Annotated[
        SlackUrl,
        Key("Where Slack's Web API is. Change it only to test.", "an https address, or http on this machine"),
    ] = "https://slack.com/api/"


class OperatorSettings(Table):
    owners: Annotated[
        SlackIds,
        Key(
            "May do all that admins may, release deletions that are held, and change who is an operator.",
            _IDS,
            _IDS_HINT,
        ),
    ] = ()
    admins: Annotated[
        SlackIds, Key("May create, change and delete mail users, and cancel deletions.", _IDS, _IDS_HINT)
    ] = ()
    viewers: Annotated[SlackIds, Key("May look, and change nothing.", _IDS, _IDS_HINT)] = ()

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not (self.owners or self.admins or self.viewers):
            raise ValueError(NO_OPERATORS)
        return self


class ChannelSettings(Table):
    deletions: Annotated[
        ChannelId,
        Key("Where scheduled deletions are announced and can be cancelled.", _CHANNEL, _CHANNEL_HINT),
    ]
    digest: Annotated[
        ChannelId,
        Key(
            "Where the DNS digest is posted, and what breaks or is good again in between.",
            _CHANNEL,
            _CHANNEL_HINT,
        ),
    ]
    fallback: Annotated[
        OptionalChannelId,
        Key(
            "Where it is told that a deletion can't be announced; empty for the digest's channel.",
            _CHANNEL,
            _CHANNEL_HINT,
        ),
    ] = ""


class TimeSettings(Table):
    timezone: Annotated[
        Zone, Key("The time zone of the times of day below.", 'an IANA time zone such as "Europe/Zurich"')
    ]
    digest: Annotated[TimeOfDay, Key("When the DNS digest is posted.", 'a time of day such as "09:00"')] = (
        time(9)
    )
    digest_weekday: Annotated[
        Weekday,
        Key(
            "The day of the week on which it is posted; empty for every day.",
            'a day such as "monday", or ""',
        ),
    ] = ""
    refresh: Annotated[
        TimeOfDay, Key("When the list of mail users is fetched anew.", 'a time of day such as "02:00"')
    ] = time(2)


class DeletionSettings(Table):
    """A change of a grace period affects only what is asked for after it."""

    grace: Annotated[
        Hours,
        Key(
            "Hours between the notice in the channel and the deletion of a mail user.",
            "hours, at least 1 and at most 720 (30 days)",
        ),
    ] = Field(default=timedelta(hours=24), validation_alias="grace_hours")
    domain_grace: Annotated[
        Hours,
        Key(
            "The same for a domain, which takes all its users along.",
            "hours, at least 1 and at most 720 (30 days)",
        ),
    ] = Field(default=timedelta(hours=24), validation_alias="domain_grace_hours")
    routing_rule_grace: Annotated[
        Hours,
        Key("The same for a routing rule.", "hours, at least 1 and at most 720 (30 days)"),
    ] = Field(default=timedelta(hours=24), validation_alias="routing_rule_grace_hours")
    reminder: Annotated[
        Minutes,
        Key(
            "Minutes before a deletion at which its thread is warned; 0 for no warning.",
            "minutes, from 0 to 1440 (a day)",
        ),
    ] = Field(default=timedelta(hours=1), validation_alias="reminder_minutes")
    mass_threshold: Annotated[
        int,
        Field(strict=True, ge=1, le=1000),
        Key(
            "More deletions than this by one operator within an hour wait until an owner who has not asked for them releases them.",
            "a whole number from 1 to 1000",
        ),
    ] = 5
    protected: Annotated[
        Names,
        OptionalChannelId,
        Key(
            "Mail users and domains that are never deleted.",
            'a list such as "postmaster@example.com" or "example.com"',
        ),
    ] = ()


class DatabaseSettings(Table):
    url: Annotated[
        DatabaseUrl,
        Key(
            "Where the bot's state is: a SQLite file, relative to the directory it is started in, or PostgreSQL.",
            '"sqlite+aiosqlite:///" and the path of a file (four slashes before an absolute path), '
            'or "postgresql+asyncpg://user@host:5432/name"',
            private=True,
        ),
    ] = "sqlite+aiosqlite:///mailwarden.db"
    """Never with a password: one that is written in it becomes `password`."""
    password: SecretStr | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_password(cls, given: Any) -> Any:
        if isinstance(given, dict) and isinstance(url := given.get("url"), str):
            bare, password = split_password(url)
            if password is not None:
                return {**given, "url": bare, "password": SecretStr(password)}
        return given


class DnsSettings(Table):
    resolvers: Annotated[
        Resolvers,
        Key(
            "The DNS resolvers to ask; empty for the system's. With two, what is bad is confirmed at once.",
            'a list of IP addresses such as "192.0.2.53" or "192.0.2.53:5353"',
        ),
    ] = ()
    in_flight: Annotated[
        int,
        Field(strict=True, ge=1, le=500),
        Key("How many DNS questions may be open at once.", "a whole number from 1 to 500"),
    ] = 50
    questions_per_second: Annotated[
        int,
        Field(strict=True, ge=1, le=2000),
        Key(
            "How many DNS questions the watch may ask each second. Who asks in Slack does not wait for it.",
            "a whole number from 1 to 2000",
        ),
    ] = 20
    picture: Annotated[
        bool,
        Field(strict=True),
        Key("Whether the digest has a picture of the last 30 days.", "true or false"),
    ] = True


class LoggingSettings(Table):
    level: Annotated[
        Level,
        Key(
            "How much to log. The libraries that carry passwords stay at WARNING whatever is set.",
            'one of "DEBUG", "INFO", "WARNING", "ERROR"',
        ),
    ] = "INFO"


class Settings(Table):
    """All of it. Secrets are SecretStr: neither repr nor str shows them."""

    slack: SlackSettings
    accounts: Accounts
    operators: OperatorSettings
    channels: ChannelSettings
    times: TimeSettings
    deletions: DeletionSettings = DeletionSettings()
    database: DatabaseSettings = DatabaseSettings()
    dns: DnsSettings = DnsSettings()
    logging: LoggingSettings = LoggingSettings()
