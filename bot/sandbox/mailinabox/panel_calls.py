"""The other calls: sessions, second factors, DNS and the system."""

import base64
import secrets
from typing import Any

from bot.sandbox.mailinabox import records
from bot.sandbox.mailinabox.answers import Answer, Call, Handler, changing
from bot.sandbox.mailinabox.auth import MISSING_TOKEN, Denied
from bot.sandbox.mailinabox.data import BoxUser, SecondFactor
from bot.sandbox.mailinabox.totp import is_valid
from bot.sandbox.mailinabox.users import Crash, Refused

SECRET_LENGTH = 32
_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
"""In place of a QR code."""


def _login(call: Call) -> Answer:
    try:
        caller = call.gate.authenticate(call.headers, login_only=True)
    except Denied as denied:
        reason = str(denied)
        return Answer.of_json({"status": reason if reason == MISSING_TOKEN else "invalid", "reason": reason})
    assert caller.address is not None
    call.done = True
    return Answer.of_json(
        {
            "status": "ok",
            "email": caller.address,
            "privileges": list(caller.privileges),
            "api_key": call.gate.open_session(caller.address),
        }
    )


def _logout(call: Call) -> Answer:
    try:
        _ = call.gate.authenticate(call.headers, logout=True)
    except Denied:
        pass
    else:
        call.done = True
    return Answer.of_json({"status": "ok"})


def _dump(call: Call) -> Answer:
    return Answer.of_json(
        [
            [
                zone,
                [
                    {
                        "qname": record.qname,
                        "rtype": record.rtype,
                        "value": record.value,
                        "explanation": record.explanation,
                    }
                    for record in wanted
                ],
            ]
            for zone, wanted in records.dump(call.box)
        ]
    )


def _mfa_user(call: Call) -> BoxUser:
    user = call.box.users.get(call.form.get("user", call.address or ""))
    if user is None:
        raise Refused("User does not exist.")
    return user


def _mfa_status(call: Call) -> Answer:
    user = _mfa_user(call)
    told: dict[str, Any] = {
        "enabled_mfa": [{"id": factor.id, "type": "totp", "label": factor.label} for factor in user.factors]
    }
    if user.address == call.address:
        secret = base64.b32encode(secrets.token_bytes(20)).decode("ascii")
        told["new_mfa"] = {"totp": {"type": "totp", "secret": secret, "qr_code_base64": _PIXEL}}
    return Answer.of_json(told)


def _mfa_enable(call: Call) -> None:
    secret, token = call.form.get("secret"), call.form.get("token")
    if token is None:
        raise Refused("Bad Input")
    if secret is None or not secret.strip():
        raise Refused("No secret provided.")
    if len(secret) != SECRET_LENGTH:
        raise Refused("Secret should be a 32 characters base32 string")
    try:
        valid = is_valid(secret, token, call.clock.now())
    except ValueError:
        raise Crash from None
    if not valid:
        raise Refused("Invalid token.")
    if call.address is None:
        raise Refused("User does not exist.")
    number = max((factor.id for user in call.box.users.values() for factor in user.factors), default=0) + 1
    call.box.users[call.address].factors.append(SecondFactor(number, secret, call.form.get("label")))


def _mfa_disable(call: Call) -> None:
    user, wanted = _mfa_user(call), call.field("mfa-id")
    kept = [factor for factor in user.factors if wanted and str(factor.id) != wanted]
    if len(kept) == len(user.factors):
        raise Refused("Invalid user or MFA id.")
    user.factors = kept


SESSION_ROUTES: dict[str, dict[str, Handler]] = {"/login": {"POST": _login}, "/logout": {"POST": _logout}}

PANEL_ROUTES: dict[str, dict[str, Handler]] = {
    "/dns/zones": {"GET": lambda c: Answer.of_json(records.zones(c.box))},
    "/dns/dump": {"GET": _dump},
    "/dns/update": {"POST": lambda _: Answer("")},
    "/dns/secondary-nameserver": {"GET": lambda _: Answer.of_json({"hostnames": []})},
    "/dns/custom": {"GET": lambda _: Answer.of_json([])},
    "/mfa/status": {"POST": _mfa_status},
    "/mfa/totp/enable": {"POST": changing(_mfa_enable)},
    "/mfa/disable": {"POST": changing(_mfa_disable)},
    "/system/version": {"GET": lambda c: Answer(c.box.version)},
    "/system/privacy": {"GET": lambda _: Answer.of_json(value=True)},
    "/system/reboot": {"GET": lambda _: Answer.of_json(value=False)},
}
