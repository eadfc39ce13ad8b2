"""What the calls about mail users do."""

import re
from typing import Any

from bot.sandbox.mailinabox.addresses import in_unicode, is_address, is_for_domain_control, is_login
from bot.sandbox.mailinabox.data import (
    NO_LIMIT,
    BoxUser,
    Mailbox,
    SimulatedBox,
    domain_of,
    in_bytes,
)
from bot.sandbox.mailinabox.domains import sort_addresses, sort_domains

OK = "OK"
MAILBOXES = "/home/user-data/mail/mailboxes"
SHORTEST_PASSWORD = 8
_FULL = 99
_UNTOLD = "?"


class Refused(Exception):
    """The box says no: the text, with status 400."""


class Crash(Exception):
    """The call ends in a traceback on the box. What it had done by then stays."""


def add_user(box: SimulatedBox, email: str, password: str, privileges: str, quota: str) -> None:
    if not email.strip():
        raise Refused("No email address provided.")
    if not is_address(email):
        raise Refused("Invalid email address.")
    if not is_login(email):
        raise Refused(
            "User account email addresses may only use the lowercase ASCII letters a-z, the digits 0-9, underscore (_), "
            "hyphen (-), and period (.)."
        )
    if is_for_domain_control(email) and box.users:
        raise Refused(
            "You may not make a user account for that address because it is frequently used for domain control validation. "
            "Use an alias instead if necessary."
        )
    _check_password(password)
    held = privileges.split("\n") if privileges.strip() else []
    for privilege in held:
        _check_privilege(privilege)
    limit = _checked_quota(quota) if box.has_quotas else NO_LIMIT
    if email in box.users:
        raise Refused("User already exists.")
    box.users[email] = BoxUser(email, password, privileges=held, quota=limit)
    if box.has_quotas:
        _recalculate(box, email)


def set_password(box: SimulatedBox, email: str, password: str) -> None:
    _check_password(password)
    _user(box, email).password = password


def remove_user(box: SimulatedBox, email: str) -> None:
    del box.users[_user(box, email).address]


def privileges(box: SimulatedBox, email: str) -> list[str]:
    return _user(box, email).privileges


def add_privilege(box: SimulatedBox, email: str, privilege: str) -> None:
    _check_privilege(privilege)
    user = _user(box, email)
    if privilege not in user.privileges:
        user.privileges.append(privilege)


def remove_privilege(box: SimulatedBox, email: str, privilege: str) -> None:
    _check_privilege(privilege)
    user = _user(box, email)
    user.privileges = [one for one in user.privileges if one != privilege]


def quota(box: SimulatedBox, email: str) -> str:
    return _user(box, email).quota


def set_quota(box: SimulatedBox, email: str, limit: str | None) -> None:
    if limit is None:
        raise Crash
    limit = _checked_quota(limit)
    _user(box, email).quota = limit
    _recalculate(box, email)


def addresses(box: SimulatedBox) -> list[str]:
    return sort_addresses(box.users, box.hostname)


def listing(box: SimulatedBox) -> list[dict[str, Any]]:
    """Users and archived users by domain."""
    by_domain: dict[str, list[dict[str, Any]]] = {}
    told = [_active(box, user) for user in box.users.values()]
    told += [_archived(box, address) for address in box.mailboxes if address not in box.users]
    for one in told:
        by_domain.setdefault(in_unicode(domain_of(one["email"])), []).append(one)
    return [
        {
            "domain": domain,
            "users": sorted(by_domain[domain], key=lambda one: (one["status"] != "active", one["email"])),
        }
        for domain in sort_domains(by_domain, box.hostname)
    ]


def _active(box: SimulatedBox, user: BoxUser) -> dict[str, Any]:
    one: dict[str, Any] = {"email": user.address, "privileges": user.privileges, "status": "active"}
    if not box.has_quotas:
        return one
    mailbox = box.mailboxes.get(user.address)
    return one | {
        "quota": user.quota,
        "box_quota": _UNTOLD if mailbox is None else mailbox.quota,
        "box_size": _UNTOLD if mailbox is None else human(mailbox.used),
        "percent": "" if user.quota == NO_LIMIT else _percent(mailbox),
    }


def _archived(box: SimulatedBox, address: str) -> dict[str, Any]:
    local, _, domain = address.partition("@")
    one: dict[str, Any] = {
        "email": address,
        "privileges": [],
        "status": "inactive",
        "mailbox": f"{MAILBOXES}/{domain}/{local}",
    }
    return one | ({"box_quota": _UNTOLD, "box_size": _UNTOLD, "percent": _UNTOLD} if box.has_quotas else {})


def _percent(mailbox: Mailbox | None) -> str:
    if mailbox is None:
        return _UNTOLD
    return f"{mailbox.used / mailbox.quota * 100:3.0f}%" if mailbox.quota else "Error"


def human(size: float) -> str:
    """A number of bytes as the box writes it: `19.1M`, `512K`, `12.0`."""
    for unit in ("", "K", "M", "G", "T"):
        if size < 1024:
            return f"{size:.0f}{unit}" if size > _FULL else f"{size:.1f}{unit}"
        size /= 1024
    return str(size)


def _user(box: SimulatedBox, email: str) -> BoxUser:
    """By the address exactly as it is."""
    user = box.users.get(email)
    if user is None:
        raise Refused(f"That's not a user ({email}).")
    return user


def _check_password(password: str) -> None:
    if not password.strip():
        raise Refused("No password provided.")
    if len(password) < SHORTEST_PASSWORD:
        raise Refused("Passwords must be at least eight characters.")


def _check_privilege(privilege: str) -> None:
    if "\n" in privilege or not privilege.strip():
        raise Refused(f"That's not a valid privilege ({privilege}).")


def _checked_quota(limit: str) -> str:
    limit = limit.strip().upper()
    if not limit:
        raise Refused("No quota provided.")
    if re.search(r"[\s,.]", limit):
        raise Refused("Quotas cannot contain spaces, commas, or decimal points.")
    if not re.fullmatch(r"\d+[GM]?", limit):
        raise Refused("Invalid quota.")
    return limit


def _recalculate(box: SimulatedBox, email: str) -> None:
    if box.recalculation_fails:
        raise Crash
    mailbox = box.mailboxes.get(email)
    if mailbox is not None:
        mailbox.quota = in_bytes(box.users[email].quota)
