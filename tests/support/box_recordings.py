"""Exchanges with a real Mail-in-a-Box (version 75), as curl's arguments and what came back.

Recorded with a new box whose only user was `ADMIN`. `Server`, `Date` and `Connection` are left out. The password
hashing and the mailboxes were stand-ins: where the latter lie is written as on a real box, and their answer's length with it.
"""

import shlex
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

RECORDINGS = Path(__file__).parents[1] / "sandbox" / "recordings" / "mailinabox.txt"
ADMIN, PASSWORD = "admin@example.com", "Adm1n-Passw0rd"
HOSTNAME, IP = "box.example.com", "192.0.2.10"
API_KEY = "2f48d32c33a317c938ed2bf664a59c49"
SESSION = "7d02353e8f8810f37cb91b750bb46b488af2a62617a83797626daa6af6794e0e"
"""The key of a session of the administrator's that was opened between the exchanges."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """`path` as it was sent, with the query. `user` is name and password with a colon, None for neither."""

    title: str
    method: str
    path: str
    user: str | None
    request_headers: dict[str, str]
    form: bytes
    status: int
    reason: str
    headers: dict[str, str]
    body: bytes


def exchanges() -> list[Exchange]:
    """All of them in their order."""
    text = RECORDINGS.read_text(encoding="utf-8").removesuffix("\n---\n")
    return [_exchange(part) for part in text.removeprefix("### ").split("\n---\n### ")]


def _exchange(part: str) -> Exchange:
    title, command, status, rest = part.split("\n", 3)
    head, _, body = f"\n{rest}\n".partition("\n\n")
    headers = dict(line.split(": ", 1) for line in head.split("\n") if line)
    _, number, reason = status.split(" ", 2)
    method, user, asked, form, url = "GET", None, {}, [], ""
    arguments = iter(shlex.split(command.removeprefix("$ curl -i ")))
    for argument in arguments:
        match argument:
            case "-u":
                user = next(arguments)
            case "-X":
                method = next(arguments)
            case "-H":
                name, _, value = next(arguments).partition(": ")
                asked[name] = value
            case "-d":
                form.append(next(arguments))
            case "--data-urlencode":
                name, _, value = next(arguments).partition("=")
                form.append(f"{name}={quote(value, safe='')}")
            case _:
                url = argument
    if form:
        method = "POST"
        asked.setdefault("Content-Type", "application/x-www-form-urlencoded")
    return Exchange(
        title,
        method,
        url.removeprefix("http://127.0.0.1:10222"),
        user,
        {"Accept": "*/*", **asked},
        "&".join(form).encode(),
        int(number),
        reason,
        headers,
        body.encode()[: int(headers["Content-Length"])],
    )
