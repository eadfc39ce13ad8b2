"""The box's order of domains, and which of them are zones: those that are below no other."""

from collections.abc import Iterable

from bot.sandbox.mailinabox.data import domain_of


def zone_of(name: str, names: set[str]) -> str:
    """The topmost of the names that the name is, or is below."""
    labels = name.split(".")
    for count in range(1, len(labels)):
        above = ".".join(labels[-count:])
        if above in names:
            return above
    return name


def sort_domains(names: Iterable[str], hostname: str) -> list[str]:
    """By zone, that of the box first and then by name; within it the box, what is below it, and then from the right."""
    known = set(names)

    def place(name: str) -> tuple[bool, str, bool, bool, list[str]]:
        zone = zone_of(name, known)
        return (
            not (hostname == zone or hostname.endswith(f".{zone}")),
            zone,
            name != hostname,
            not name.endswith(f".{hostname}"),
            name.split(".")[::-1],
        )

    return sorted(known, key=place)


def sort_addresses(addresses: Iterable[str], hostname: str) -> list[str]:
    by_domain: dict[str, list[str]] = {}
    for address in addresses:
        by_domain.setdefault(domain_of(address), []).append(address)
    return [address for domain in sort_domains(by_domain, hostname) for address in sorted(by_domain[domain])]
