"""The sandbox's DNS: six domains, healthy and broken, the names of their mail system, and a domain that may be added."""

from bot.sandbox.mail_data import OWNERSHIP_CODE

ZoneData = dict[tuple[str, str], list[str]]
"""(name, type) -> values in presentation format; TXT without quotes, or, to say what its strings are, with."""

MAIL_HOST = "mailserver.purelymail.com"
NAME_SERVERS = {"ns1.sandbox.example": "192.0.2.53", "ns2.sandbox.example": "192.0.2.54"}
ADDABLE = "freshstart.example"
"""Its owner has published the account's ownership record, and nothing for mail yet."""

SPF = "v=spf1 include:_spf.purelymail.com ~all"

# A real 2048-bit RSA public key whose private half was thrown away.
DKIM_KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA9cSpUAf7jLiz0Zvl1wAdbEBNbjGo0mwllwWMuYDgRacFGXJSYMoe"
    "VXT/nJJJZYhpu3gSkZieYqvBdqWi72jj75MhIiQDEDAj7+mZtlcjnPx0IVNQyJGc9wTMvyJlKp4rcdmvpnp2kvkDtO1Udvh1"
    "h3Nlw4sJNW1qGR31mRQWnimFSTukAEkXPr9SLNqTezXlkL1UOoKAYD6NOe3vtpKMUdrQDFN2F9/F6M8rC9GDCkyzF8lfms02"
    "zxNobHkwCcC49JvtJYN6OVTvu+Lgrbvl7KpGUeSb1F4tNmdDDLw6Rvng24WfqFnFQOVqz38fpwhAwQwHSOvD7ZWyopkvd7IJ"
    "JQIDAQAB"
)


def dkim_aliases(domain: str) -> dict[str, list[str]]:
    """The CNAME of each of the three selectors, by name."""
    return {
        f"purelymail{number}._domainkey.{domain}": [f"key{number}.dkimroot.purelymail.com."]
        for number in (1, 2, 3)
    }


def healthy(domain: str) -> ZoneData:
    """All that a domain on PurelyMail should publish."""
    return {
        (domain, "SOA"): ["ns1.sandbox.example. hostmaster.sandbox.example. 1 3600 600 86400 60"],
        (domain, "NS"): [f"{name}." for name in NAME_SERVERS],
        (domain, "A"): ["192.0.2.80"],
        (domain, "MX"): [f"10 {MAIL_HOST}."],
        (domain, "TXT"): [SPF],
        (f"_dmarc.{domain}", "CNAME"): ["dmarcroot.purelymail.com."],
        **{(name, "CNAME"): values for name, values in dkim_aliases(domain).items()},
    }


def sandbox_zones() -> ZoneData:
    """All names of the sandbox in one table."""
    zones: ZoneData = {
        (".", "NS"): ["a.root-servers.net."],
        (MAIL_HOST, "A"): ["192.0.2.25"],
        **{(name, "A"): [address] for name, address in NAME_SERVERS.items()},
        ("_spf.purelymail.com", "TXT"): ["v=spf1 ip4:192.0.2.0/26 -all"],
        ("dmarcroot.purelymail.com", "TXT"): ["v=DMARC1; p=quarantine;"],
        ("mx.oldprovider.example", "A"): ["192.0.2.99"],
        ("spf.crm.example", "TXT"): ["v=spf1 ip4:192.0.2.128/27 ~all"],
        **{key: values for key, values in healthy(ADDABLE).items() if key[1] in {"SOA", "NS", "A"}},
        (ADDABLE, "TXT"): [OWNERSHIP_CODE],
    }
    for number in (1, 2, 3):
        zones[f"key{number}.dkimroot.purelymail.com", "TXT"] = [f"v=DKIM1; k=rsa; p={DKIM_KEY}"]
    for domain in (
        "acme-tools.example",
        "lindenhof.example",
        "fjordbooks.example",
        "harbourclinic.example",
        "newshop.example",
        "oldbrand.example",
    ):
        zones |= healthy(domain)
    del zones["purelymail2._domainkey.fjordbooks.example", "CNAME"]
    zones["harbourclinic.example", "TXT"] = [SPF, "v=spf1 include:spf.crm.example ~all"]
    del zones["_dmarc.newshop.example", "CNAME"]
    for name in dkim_aliases("newshop.example"):
        del zones[name, "CNAME"]
    zones["oldbrand.example", "MX"] = ["10 mx.oldprovider.example."]
    return zones
