"""A pasted list or a CSV file, line by line. Nothing is looked up here."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from bot import quotas
from bot.addresses import in_ascii
from bot.errors import InvalidInput

LIST = "list"
"""The name of the form field."""

MOST = 250
"""Mail users in one list: as many as one window can show with their passwords."""

LONGEST = 400
"""Characters of a line."""

COLUMNS = ("address", "account", "quota", "admin")
_ALSO_CALLED = {
    "email": "address",
    "e-mail": "address",
    "mail": "address",
    "user": "address",
    "username": "address",
}
_YES = frozenset({"yes", "y", "true", "1", "x"})
_NO = frozenset({"no", "n", "false", "0", ""})


@dataclass(frozen=True, slots=True)
class Entry:
    """`number` counts the lines of the text from 1. `problem`: what is wrong with it as it stands."""

    number: int
    source: str
    address: str
    account: str = ""
    quota: int | None = None
    admin: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """`header`: the line that names the columns, "" for none."""

    header: str
    entries: list[Entry]


def read(text: str) -> Listing:
    """What is in a list: an address in each line, or a CSV with a header that names its columns.

    Separated by commas, semicolons or tabs. Empty lines and what begins with # are left out. Raises InvalidInput (LIST)
    where nothing can be made of it as a whole.
    """
    lines = [
        (number, line)
        for number, line in enumerate(text.removeprefix("\ufeff").replace("\0", "").splitlines(), start=1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not lines:
        raise InvalidInput("There is nothing in the list.", field=LIST)
    header, columns = "", ["address"]
    separator = max(",;\t", key=lines[0][1].count)
    # Between columns, tabs are more than space: the first cell may be empty.
    around = " " if separator == "\t" and "@" not in lines[0][1] else None
    lines = [(number, line.strip(around)) for number, line in lines]
    if "@" not in lines[0][1]:
        header = lines.pop(0)[1]
        columns = _columns(_cells(header, separator))
    if not lines:
        raise InvalidInput("There is nothing below the names of the columns.", field=LIST)
    if len(lines) > MOST:
        raise InvalidInput(f"These are {len(lines)} lines; at most {MOST} go at once.", field=LIST)
    return Listing(header, [_entry(number, line, columns, separator) for number, line in lines])


def _columns(header: Sequence[str]) -> list[str]:
    names = [_ALSO_CALLED.get(name.lower(), name.lower()) for name in header]
    if "password" in names:
        raise InvalidInput("Passwords are generated here: leave out the column password.", field=LIST)
    for name in names:
        if name not in COLUMNS:
            raise InvalidInput(
                f"There is no column “{name[:40]}”. A first line without an address names the columns: "
                f"{', '.join(COLUMNS)}; only address is needed.",
                field=LIST,
            )
    if "address" not in names or len(set(names)) < len(names):
        raise InvalidInput("Name each column once, address among them.", field=LIST)
    return names


def _entry(number: int, line: str, columns: Sequence[str], separator: str) -> Entry:
    """What stands where no column is may be a password: nothing of that is kept."""
    if len(line) > LONGEST:
        return Entry(
            number, _only(line.partition(separator)[0])[:LONGEST], "", problem="The line is too long."
        )
    cells = _cells(line, separator)
    if len(cells) > len(columns) and any(cells[len(columns) :]):
        told = "more columns than the first line names"
        if len(columns) == 1:
            told = f"more than an address: name the columns in the first line, such as {','.join(COLUMNS)}"
        address = _only(cells[0])
        return Entry(number, address, address, problem=f"There is {told}.")
    values = dict(zip(columns, cells, strict=False))
    cell = values.get("address", "")
    address = _only(cell)
    if len(cell.split()) > 1 and not cell.endswith(">"):
        told = "There is more than an address where the address should be."
        return Entry(number, address, address, problem=told)
    problems = []
    quota = None
    if typed := values.get("quota", ""):
        try:
            quota = quotas.parse(typed)
        except InvalidInput as error:
            problems.append(f"Quota: {error}")
    admin = values.get("admin", "").lower()
    if admin not in _YES | _NO:
        problems.append("Admin is yes or no.")
    return Entry(number, line, address, values.get("account", ""), quota, admin in _YES, " ".join(problems))


def _cells(line: str, separator: str) -> list[str]:
    row = next(csv.reader(io.StringIO(line), delimiter=separator, skipinitialspace=True), [])
    return [cell.strip() for cell in row]


def _only(cell: str) -> str:
    """The address in a cell, whatever else is in it."""
    if cell.endswith(">"):
        return _address(cell)
    words = cell.split()
    return _address(next((word for word in words if "@" in word), words[0] if words else ""))


def _address(cell: str) -> str:
    """As mail systems have it: lower case, the domain in A-labels, without a name before it or the link that Slack makes of it."""
    if cell.endswith(">"):
        cell = cell.removesuffix(">").rpartition("<")[2]
    address = cell.removeprefix("mailto:").partition("|")[0].strip().lower()
    local_part, at, domain = address.rpartition("@")
    return f"{local_part}@{in_ascii(domain)}" if at and domain else address
