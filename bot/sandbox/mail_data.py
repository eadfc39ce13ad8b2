"""The made-up mail account: six domains, sixty people and six routing rules, the same at each start."""

from dataclasses import dataclass, field
from typing import Any

from bot.model import ProviderVerdict

CREDIT = "19.1607994830137318004587841289974404320987654320987654320987654320987598"
OWNERSHIP_CODE = "purelymail_ownership_proof=" + "5a" * 64

_NAMES = {
    "acme-tools.example": (
        "anna.keller ben.osei carla.mendes dmitri.volkov emre.yilmaz fatima.haddad georg.huber hana.sato ivan.petrov "
        "julia.novak karim.aziz lena.fischer marco.rossi nadia.benali oscar.lind priya.nair quentin.moreau rosa.garcia "
        "sven.berg tomas.horak sales support"
    ),
    "lindenhof.example": "info kueche rezeption buchhaltung franz.meier greta.baumann heidi.frei urs.zbinden",
    "fjordbooks.example": "astrid.dahl bjorn.haugen ingrid.moe lars.nilsen orders kari.strand nils.eide sigrid.vik",
    "harbourclinic.example": (
        "reception dr.adeyemi dr.chen dr.okafor nurse.station billing pharmacy lab mia.tanaka noah.williams zoe.martin"
    ),
    "newshop.example": "hello returns amir.rahman chloe.dubois warehouse wei.zhang",
    "oldbrand.example": "office archive paul.schmidt press webmaster2",
}
_TWO_FACTOR = frozenset(
    {
        "anna.keller@acme-tools.example",
        "ben.osei@acme-tools.example",
        "dr.chen@harbourclinic.example",
        "ingrid.moe@fjordbooks.example",
    }
)
_RESETS = {
    "anna.keller@acme-tools.example": (
        {
            "type": "email",
            "target": "anna@lindenhof.example",
            "description": "Private",
            "allowMfaReset": False,
        },
        {"type": "phone", "target": "+4930555123", "description": "", "allowMfaReset": True},
    ),
}
"""By user: the ways to reset a forgotten password."""

_VERDICTS = {
    "acme-tools.example": ProviderVerdict(mx=True, spf=True, dkim=True, dmarc=True),
    "lindenhof.example": ProviderVerdict(mx=True, spf=True, dkim=True, dmarc=True),
    "fjordbooks.example": ProviderVerdict(mx=True, spf=True, dkim=False, dmarc=True),
    "harbourclinic.example": ProviderVerdict(mx=True, spf=False, dkim=True, dmarc=True),
    "newshop.example": ProviderVerdict(mx=True, spf=True, dkim=False, dmarc=False),
    "oldbrand.example": ProviderVerdict(mx=False, spf=True, dkim=True, dmarc=True),
}
_RULES = {
    4001: ("acme-tools.example", "team", "sales support", False),
    4002: ("acme-tools.example", "sales-*", "sales rosa.garcia", False),
    4003: ("newshop.example", "*", "hello", True),
    4004: ("fjordbooks.example", "order", "orders", False),
    4005: ("lindenhof.example", "silent.booking", "rezeption", False),
    9007199254740993: ("oldbrand.example", "*", "archive", False),
}
"""By number: the domain, whose mail (`*` ends a prefix), who gets it instead, and whether users are left out.

One number is beyond what a double holds exactly, as int64 allows; one name asks to fail (see bot/sandbox/purelymail.py).
"""


@dataclass(slots=True)
class SimulatedUser:
    address: str
    password: str = field(repr=False)
    two_factor: bool = False
    search_indexing: bool = True
    password_reset: bool = True
    reset_methods: list[dict[str, Any]] = field(default_factory=list)
    app_passwords: list[str] = field(default_factory=list, repr=False)


@dataclass(slots=True)
class SimulatedDomain:
    name: str
    verdict: ProviderVerdict
    allow_account_reset: bool = True
    symbolic_subaddressing: bool = True


@dataclass(slots=True)
class SimulatedAccount:
    """All that a PurelyMail account holds."""

    users: dict[str, SimulatedUser]
    domains: dict[str, SimulatedDomain]
    rules: dict[int, dict[str, Any]] = field(default_factory=dict)
    welcomed: list[str] = field(default_factory=list)
    """Addresses that a welcome mail was sent to."""
    credit: str = CREDIT


def sandbox_account() -> SimulatedAccount:
    addresses = [f"{name}@{domain}" for domain, names in _NAMES.items() for name in names.split()]
    return SimulatedAccount(
        users={
            address: SimulatedUser(
                address,
                f"Old-{number:03d}-password-of-{address.partition('@')[0]}",
                two_factor=address in _TWO_FACTOR,
                reset_methods=[dict(method) for method in _RESETS.get(address, ())],
            )
            for number, address in enumerate(addresses)
        },
        domains={name: SimulatedDomain(name, verdict) for name, verdict in _VERDICTS.items()},
        rules={
            number: {
                "id": number,
                "domainName": domain,
                "prefix": match.endswith("*"),
                "matchUser": match.removesuffix("*"),
                "targetAddresses": [f"{target}@{domain}" for target in targets.split()],
                "catchall": catchall,
            }
            for number, (domain, match, targets, catchall) in _RULES.items()
        },
    )
