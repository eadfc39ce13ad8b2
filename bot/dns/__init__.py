"""DNS health: ask DNS itself, judge what it says, and say what to publish."""

from bot.dns.monitor import DnsHealth
from bot.dns.publication import Publication, WantedRecord
from bot.dns.watch import Outside, watch

__all__ = ["DnsHealth", "Outside", "Publication", "WantedRecord", "watch"]
