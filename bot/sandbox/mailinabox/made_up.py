"""The made-up box of the sandbox, the same at each start: three domains, a dozen people, three of them archived."""

from bot.sandbox.mailinabox.data import BoxAlias, BoxUser, Mailbox, SecondFactor, SimulatedBox, in_bytes

HOSTNAME = "box.riverside.example"
IP = "192.0.2.10"
LOGIN = "mailwarden@riverside.example"
"""The administrator that the bot is."""
PASSWORD = "sandbox-box-password"  # noqa: S105 - of use on this machine only
API_KEY = "5b" * 16

GB = 1024**3
MB = 1024**2

_USERS: dict[str, tuple[str, int | None]] = {
    "ruth.keel@riverside.example": ("5G", 1_288_490_189),
    "tom.barge@riverside.example": ("1G", 1_020_054_733),
    "office@riverside.example": ("0", 7 * GB + 300 * MB),
    "sam.quay@riverside.example": ("500M", None),
    "ella.flour@millbakery.example": ("2G", 310 * MB),
    "orders@millbakery.example": ("10G", 4 * GB),
    "finn.rye@millbakery.example": ("0", None),
    "hugo.elm@oaklane.example": ("1G", 96 * MB),
    "jobs@oaklane.example": ("500M", 12 * MB),
    "silent.oak@oaklane.example": ("0", 2 * MB),
}
"""The quota, and how much of it is used: None where no mail has arrived."""
_ADMINS = frozenset({"ruth.keel@riverside.example"})
_SECOND_FACTORS = {"ruth.keel@riverside.example": "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU"}
_ARCHIVED = {
    "piet.locks@riverside.example": 640 * MB,
    "greta.malt@millbakery.example": 81 * MB,
    "old.office@oaklane.example": 3 * GB,
}
_ALIASES = {
    "sales@millbakery.example": ["orders@millbakery.example"],
    "all@oaklane.example": ["hugo.elm@oaklane.example", "jobs@oaklane.example"],
    f"administrator@{HOSTNAME}": ["ruth.keel@riverside.example"],
}


def sandbox_box() -> SimulatedBox:
    users = {LOGIN: BoxUser(LOGIN, PASSWORD, privileges=["admin"])}
    mailboxes = {address: Mailbox(size) for address, size in _ARCHIVED.items()}
    for number, (address, (quota, used)) in enumerate(_USERS.items()):
        users[address] = BoxUser(
            address,
            f"Old-{number:03d}-password-of-{address.partition('@')[0]}",
            privileges=["admin"] if address in _ADMINS else [],
            quota=quota,
        )
        if used is not None:
            mailboxes[address] = Mailbox(used, in_bytes(quota))
    for number, (address, secret) in enumerate(_SECOND_FACTORS.items(), start=1):
        users[address].factors.append(SecondFactor(number, secret, "phone"))
    return SimulatedBox(
        hostname=HOSTNAME,
        ip=IP,
        users=users,
        api_key=API_KEY,
        mailboxes=mailboxes,
        aliases={address: BoxAlias(address, targets) for address, targets in _ALIASES.items()},
    )
