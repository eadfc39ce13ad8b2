"""What the answers mean. Pure: questions are asked elsewhere (bot/dns/monitor.py)."""

from bot.dns.checks.dkim import check_dkim
from bot.dns.checks.dmarc import check_dmarc
from bot.dns.checks.mx import check_mx
from bot.dns.checks.spf import check_spf

__all__ = ["check_dkim", "check_dmarc", "check_mx", "check_spf"]
