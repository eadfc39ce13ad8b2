"""The configuration: mailwarden.toml for what may be read, the environment for what may not."""

from bot.settings.accounts import AccountSettings, MailInABoxSettings, PurelyMailSettings
from bot.settings.environment import read_env_file
from bot.settings.loading import load_settings
from bot.settings.models import (
    ChannelSettings,
    DatabaseSettings,
    DeletionSettings,
    DnsSettings,
    LoggingSettings,
    OperatorSettings,
    Settings,
    SlackSettings,
    TimeSettings,
)
from bot.settings.values import endpoint

__all__ = [
    "AccountSettings",
    "ChannelSettings",
    "DatabaseSettings",
    "DeletionSettings",
    "DnsSettings",
    "LoggingSettings",
    "MailInABoxSettings",
    "OperatorSettings",
    "PurelyMailSettings",
    "Settings",
    "SlackSettings",
    "TimeSettings",
    "endpoint",
    "load_settings",
    "read_env_file",
]
