"""DNS health: ask DNS itself, judge what it says, and say what to publish."""

from bot.dns.monitor import DnsHealth

__all__ = ["DnsHealth"]
