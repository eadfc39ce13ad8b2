"""The configuration: mailwarden.toml for what may be read, the environment for what may not."""

from bot.settings.environment import read_env_file
from bot.settings.loading import load_settings
from bot.settings.models import (
    AccountSettings,
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
    "OperatorSettings",
    "Settings",
    "SlackSettings",
    "TimeSettings",
    "endpoint",
    "load_settings",
    "read_env_file",
]
