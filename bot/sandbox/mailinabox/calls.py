"""The calls that a box has, by path and verb."""

from bot.sandbox.mailinabox.answers import Answer, Call, Handler, for_admins
from bot.sandbox.mailinabox.data import SimulatedBox
from bot.sandbox.mailinabox.mail_calls import MAIL_ROUTES
from bot.sandbox.mailinabox.panel_calls import PANEL_ROUTES, SESSION_ROUTES
from bot.sandbox.mailinabox.users import OK

ROUTES: dict[str, dict[str, Handler]] = SESSION_ROUTES | {
    path: {verb: for_admins(handler) for verb, handler in verbs.items()}
    for path, verbs in (MAIL_ROUTES | PANEL_ROUTES).items()
}
_SINCE_QUOTAS = {"/mail/users/quota"}
_SAID = {
    "/mail/users/add": "mail user added\n",
    "/mail/users/remove": "mail user removed\n",
    "/mail/aliases/add": "alias added\n",
    "/mail/aliases/remove": "alias removed\n",
    "/dns/update": "",
}


def verbs_of(box: SimulatedBox, path: str) -> dict[str, Handler] | None:
    """What can be asked of a path, by verb; None where the box has no such path."""
    return None if path in _SINCE_QUOTAS and not box.has_quotas else ROUTES.get(path)


def silence(call: Call, path: str) -> Answer:
    """What a POST says when all is well, without having done anything."""
    return for_admins(lambda _: Answer(_SAID.get(path, OK)))(call)
