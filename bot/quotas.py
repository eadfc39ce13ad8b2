"""Sizes of mailboxes: what people type, what they read, and bytes in between. 1 GB is 1024 MB, as mail servers count."""

import re

from bot.errors import InvalidInput
from bot.model import UserDetails

QUOTA = "quota"
"""The name of the form field."""

NO_LIMIT = 0
"""The quota of a mailbox that may grow without end."""

KB = 1024
MB = 1024 * KB
GB = 1024 * MB
TB = 1024 * GB

LARGEST = 1024 * TB

_UNITS = {
    "b": 1,
    "byte": 1,
    "bytes": 1,
    "m": MB,
    "mb": MB,
    "mib": MB,
    "g": GB,
    "gb": GB,
    "gib": GB,
    "t": TB,
    "tb": TB,
    "tib": TB,
}
_NONE = frozenset({"none", "no limit", "unlimited", "0"})
_SIZE = re.compile(r"(?P<number>\d{1,16}(?:[.,]\d{1,6})?)\s*(?P<unit>[a-z]*)", re.ASCII)


def parse(text: str) -> int:
    """Bytes of what a person typed: `5 GB`, `500 MB`, `1.5 GB`, `none`; 0 is no limit. Raises InvalidInput (QUOTA).

    Whole megabytes only (or whole bytes, said so): mail servers take whole numbers with M, G or nothing behind them.
    """
    typed = " ".join(text.lower().split())
    if typed in _NONE:
        return NO_LIMIT
    match = _SIZE.fullmatch(typed)
    if match is None or match["unit"] not in {"", *_UNITS}:
        raise InvalidInput("Type a size such as 5 GB or 500 MB, or none for no limit.", field=QUOTA)
    if not match["unit"]:
        raise InvalidInput(f"Say of what: {match['number']} GB or {match['number']} MB?", field=QUOTA)
    whole, _, fraction = match["number"].replace(",", ".").partition(".")
    scale: int = 10 ** len(fraction)
    unit = _UNITS[match["unit"]]
    size, rest = divmod(int(whole + fraction) * unit, scale)
    if rest or (unit > 1 and size % MB):
        raise InvalidInput("That is no whole number of megabytes: give it in MB.", field=QUOTA)
    if size == 0:
        return NO_LIMIT
    if size > LARGEST:
        raise InvalidInput(f"That is more than {words(LARGEST)}: type none for no limit.", field=QUOTA)
    return size


def words(quota: int) -> str:
    """A quota exactly, as `parse` reads it: `5 GB`, `1536 MB`, `none`."""
    if quota <= NO_LIMIT:
        return "none"
    for unit, name in ((TB, "TB"), (GB, "GB"), (MB, "MB")):
        if quota % unit == 0:
            return f"{quota // unit} {name}"
    return f"{quota} bytes"


def limit(quota: int) -> str:
    """A quota in a sentence: `5 GB`, `no limit`."""
    return words(quota) if quota > NO_LIMIT else "no limit"


def size(used: int) -> str:
    """What a mailbox holds, as exact as a person needs it: `1.2 GB`, `19.1 MB`, `340 KB`."""
    for unit, name in ((TB, "TB"), (GB, "GB"), (MB, "MB")):
        # Half a tenth below, it would be written as 1024 of the smaller unit, or as 1024.0.
        if used >= unit - unit // 2048:
            tenths = max(10, (used * 10 + unit // 2) // unit)
            return f"{tenths // 10}.{tenths % 10} {name}" if tenths % 10 else f"{tenths // 10} {name}"
    return f"{max(0, used + KB // 2) // KB} KB" if used >= KB else f"{max(0, used)} bytes"


def usage(details: UserDetails) -> str | None:
    """`1.2 GB of 5 GB, 24 %`; None where nothing is known."""
    if details.quota is None:
        return None if details.used is None else size(details.used)
    if details.used is None:
        return f"quota {words(details.quota)}" if details.quota > NO_LIMIT else "no limit"
    if details.quota <= NO_LIMIT:
        return f"{size(details.used)}, no limit"
    # Rounded down: only what is full is called 100 %.
    return f"{size(details.used)} of {words(details.quota)}, {details.used * 100 // details.quota} %"
