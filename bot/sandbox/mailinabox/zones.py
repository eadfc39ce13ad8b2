"""What the sandbox's DNS has of a box: all that it wants, and for the made-up one some of it not."""

from ipaddress import ip_address

from bot.sandbox.mailinabox.data import SimulatedBox
from bot.sandbox.mailinabox.made_up import HOSTNAME
from bot.sandbox.mailinabox.records import dump
from bot.sandbox.zones import NAME_SERVERS, ZoneData

_MISSING = [
    ("_dmarc.millbakery.example", "TXT"),
    ("mail._domainkey.oaklane.example", "TXT"),
]
"""Of the made-up box: one domain says nothing of DMARC, another has no key for what it signs."""


def box_zones(box: SimulatedBox) -> ZoneData:
    """All names of the box's domains, whose name servers are elsewhere, and the way back from its address."""
    table: ZoneData = {(ip_address(box.ip).reverse_pointer, "PTR"): [f"{box.hostname}."]}
    for zone, records in dump(box):
        table[zone, "SOA"] = ["ns1.sandbox.example. hostmaster.sandbox.example. 1 3600 600 86400 60"]
        table[zone, "NS"] = [f"{name}." for name in NAME_SERVERS]
        for record in records:
            table.setdefault((record.qname, record.rtype), []).append(record.value)
    if box.hostname == HOSTNAME:
        for key in _MISSING:
            _ = table.pop(key, None)
    return table
