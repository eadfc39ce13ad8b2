"""What the answers mean. The simple checks are handed answers; the others ask on, through the resolver they are given."""

from bot.dns.checks.autoconfig import check_autoconfig
from bot.dns.checks.box_addresses import check_box_addresses
from bot.dns.checks.dkim import check_dkim
from bot.dns.checks.dmarc import check_dmarc
from bot.dns.checks.dnssec import check_dnssec
from bot.dns.checks.mta_sts import check_mta_sts
from bot.dns.checks.mx import check_mx
from bot.dns.checks.nameservers import check_nameservers
from bot.dns.checks.ownership import check_ownership
from bot.dns.checks.reverse import check_reverse
from bot.dns.checks.spf import check_spf
from bot.dns.checks.tls_rpt import check_tls_rpt
from bot.dns.checks.tlsa import check_tlsa

__all__ = [
    "check_autoconfig",
    "check_box_addresses",
    "check_dkim",
    "check_dmarc",
    "check_dnssec",
    "check_mta_sts",
    "check_mx",
    "check_nameservers",
    "check_ownership",
    "check_reverse",
    "check_spf",
    "check_tls_rpt",
    "check_tlsa",
]
