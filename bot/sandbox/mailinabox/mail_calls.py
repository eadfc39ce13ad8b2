"""The calls about mail users, aliases and domains, each with what it answers, to the byte."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from bot.sandbox.mailinabox import aliases, records, users
from bot.sandbox.mailinabox.answers import Answer, Call, Handler, changing
from bot.sandbox.mailinabox.users import Crash, Refused


def _users(call: Call) -> Answer:
    if call.query.get("format") == "json":
        return Answer.of_json(users.listing(call.box))
    return Answer("".join(f"{address}\n" for address in users.addresses(call.box)))


def _changing_addresses(change: Callable[[Call], str]) -> Handler:
    """With what the box says of its DNS afterwards."""

    def handler(call: Call) -> Answer:
        before = records.Served.by(call.box)
        count = len(call.box.users)
        try:
            said = change(call)
        except Crash:
            call.done = len(call.box.users) != count
            raise
        call.done = True
        return Answer(f"{said}\n{records.update(call.box, before)}")

    return handler


def _add_user(call: Call) -> str:
    users.add_user(
        call.box,
        call.field("email"),
        call.field("password"),
        call.field("privileges"),
        call.form.get("quota", "0"),
    )
    return "mail user added"


def _remove_user(call: Call) -> str:
    users.remove_user(call.box, call.field("email"))
    return "mail user removed"


def _add_alias(call: Call) -> str:
    return aliases.add_alias(
        call.box,
        call.field("address"),
        call.field("forwards_to"),
        call.field("permitted_senders"),
        update=call.field("update_if_exists") == "1",
    )


def _remove_alias(call: Call) -> str:
    return aliases.remove_alias(call.box, call.field("address"))


def _set_quota(call: Call) -> None:
    limit = call.form.get("quota")
    try:
        users.set_quota(call.box, call.field("email"), limit)
    except Crash:
        call.done = limit is not None
        raise


def _quota(call: Call) -> Answer:
    email = call.query.get("email", "")
    try:
        limit: Any = users.quota(call.box, email)
    except Refused as refused:
        if call.query.get("text"):
            raise
        # What the daemon means as an error becomes a value on its way out.
        limit = [str(refused), HTTPStatus.BAD_REQUEST.value]
    if call.query.get("text"):
        return Answer(str(limit))
    return Answer.of_json({"email": email, "quota": limit})


def _aliases(call: Call) -> Answer:
    if call.query.get("format") == "json":
        return Answer.of_json(aliases.listing(call.box))
    return Answer(aliases.lines(call.box))


def _mail_domains(call: Call) -> Answer:
    # There they come out of a set, in no order to rely on.
    return Answer("".join(f"{name}\n" for name in sorted(call.box.mail_domains, reverse=True)))


MAIL_ROUTES: dict[str, dict[str, Handler]] = {
    "/mail/users": {"GET": _users},
    "/mail/users/add": {"POST": _changing_addresses(_add_user)},
    "/mail/users/remove": {"POST": _changing_addresses(_remove_user)},
    "/mail/users/password": {
        "POST": changing(lambda c: users.set_password(c.box, c.field("email"), c.field("password")))
    },
    "/mail/users/privileges": {
        "GET": lambda c: Answer("\n".join(users.privileges(c.box, c.query.get("email", ""))))
    },
    "/mail/users/privileges/add": {
        "POST": changing(lambda c: users.add_privilege(c.box, c.field("email"), c.field("privilege")))
    },
    "/mail/users/privileges/remove": {
        "POST": changing(lambda c: users.remove_privilege(c.box, c.field("email"), c.field("privilege")))
    },
    "/mail/users/quota": {"GET": _quota, "POST": changing(_set_quota)},
    "/mail/aliases": {"GET": _aliases},
    "/mail/aliases/add": {"POST": _changing_addresses(_add_alias)},
    "/mail/aliases/remove": {"POST": _changing_addresses(_remove_alias)},
    "/mail/domains": {"GET": _mail_domains},
}
