"""All that a simulated Mail-in-a-Box holds: its database, its mailboxes on the disk, and what it is called."""

from dataclasses import dataclass, field

NO_LIMIT = "0"
UNITS = {"M": 1024**2, "G": 1024**3}


@dataclass(slots=True)
class SecondFactor:
    """An authenticator app that is set up for the control panel. `secret`: 32 characters of base32."""

    id: int
    secret: str = field(repr=False)
    label: str | None = None
    last_token: str = field(default="", repr=False)


@dataclass(slots=True)
class BoxUser:
    """`quota` as the box keeps it: digits and perhaps G or M, "0" for no limit."""

    address: str
    password: str = field(repr=False)
    privileges: list[str] = field(default_factory=list)
    quota: str = NO_LIMIT
    factors: list[SecondFactor] = field(default_factory=list)


@dataclass(slots=True)
class Mailbox:
    """A mailbox's directory: bytes used, and the limit that Dovecot last wrote into it, which may lag behind the user's."""

    used: int
    quota: int = 0


@dataclass(slots=True)
class BoxAlias:
    address: str
    forwards_to: list[str]
    permitted_senders: list[str] | None = None


@dataclass(slots=True)
class SimulatedBox:
    """`mailboxes` are those of users and of addresses that were users, by address.

    `has_quotas`: boxes have them since version 73. `recalculation_fails`: `doveadm quota recalc` does, with which creating
    a user and setting a quota end.
    """

    hostname: str
    ip: str
    users: dict[str, BoxUser]
    api_key: str = field(repr=False)
    mailboxes: dict[str, Mailbox] = field(default_factory=dict)
    aliases: dict[str, BoxAlias] = field(default_factory=dict)
    version: str = "v75"
    has_quotas: bool = True
    recalculation_fails: bool = False

    @property
    def administrator(self) -> str:
        """Where the automatic aliases lead."""
        return f"administrator@{self.hostname}"

    @property
    def user_domains(self) -> set[str]:
        return {domain_of(address) for address in self.users}

    @property
    def mail_domains(self) -> set[str]:
        """The domains of all users and aliases, apart from the automatic ones."""
        return self.user_domains | {domain_of(address) for address in self.aliases}

    def deliver(self, address: str, size: int) -> None:
        """Mail of so many bytes arrives, which makes the mailbox if there is none yet."""
        mailbox = self.mailboxes.setdefault(address, Mailbox(0, in_bytes(self.users[address].quota)))
        mailbox.used += size


def domain_of(address: str) -> str:
    return address.partition("@")[2]


def in_bytes(quota: str) -> int:
    """A quota as the box keeps it, as bytes."""
    return int(quota[:-1]) * UNITS[quota[-1]] if quota[-1] in UNITS else int(quota)
