"""Who is asking: Basic credentials that are an administrator's password, a session's key, or the key of the box itself."""

import base64
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.sandbox.mailinabox.data import BoxUser, SimulatedBox
from bot.sandbox.mailinabox.totp import is_valid

REALM = "Mail-in-a-Box Management Server"
SESSION = timedelta(days=2)
MOST_SESSIONS = 64

WRONG = "Incorrect email address or password."
NOT_ADMIN = "You are not an administrator."
MISSING_TOKEN = "missing-totp-token"  # noqa: S105 - what the box calls it
INVALID_TOKEN = "invalid-totp-token"  # noqa: S105 - as above


class Denied(Exception):
    """Not let in, for the reason that is the exception's text."""


@dataclass(frozen=True, slots=True)
class Caller:
    """`address` is None for whoever has the key of the box itself."""

    address: str | None
    privileges: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Session:
    """It ends when what it was opened with changes: `proof` is of the password and the second factors."""

    address: str
    proof: str
    until: datetime


class Gate:
    def __init__(self, box: SimulatedBox, clock: Clock, new_key: Callable[[], str]) -> None:
        self._box = box
        self._clock = clock
        self._new_key = new_key
        self._sessions: OrderedDict[str, _Session] = OrderedDict()

    def authenticate(
        self, headers: Mapping[str, str], *, login_only: bool = False, logout: bool = False
    ) -> Caller:
        """Raises Denied. `login_only`: only a password will do. `logout`: end the session whose key it is."""
        name, password = _basic(headers.get("Authorization", ""))
        if not name:
            raise Denied("Authorization header invalid.")
        if not name.strip() and not password.strip():
            raise Denied("No email address, password, session key, or API key provided.")
        if name == self._box.api_key and not login_only:
            return Caller(None, ("admin",))
        if not login_only and self._has_session(name, password):
            session = self._sessions.pop(password)
            if not logout:
                self._keep(password, session.address)
        elif not password.strip():
            raise Denied("Enter a password.")
        else:
            self._check(name, password, headers.get("X-Auth-Token", ""))
        return Caller(name, tuple(self._user(name).privileges))

    def open_session(self, address: str) -> str:
        """The key of a new session."""
        key = self._new_key()
        self._keep(key, address)
        return key

    def _keep(self, key: str, address: str) -> None:
        if key not in self._sessions and len(self._sessions) >= MOST_SESSIONS:
            _ = self._sessions.popitem(last=False)
        self._sessions[key] = _Session(address, self._proof(self._user(address)), self._clock.now() + SESSION)

    def _has_session(self, name: str, key: str) -> bool:
        session = self._sessions.get(key)
        if session is None or session.address != name or session.until < self._clock.now():
            return False
        return session.proof == self._proof(self._user(session.address))

    def _user(self, address: str) -> BoxUser:
        user = self._box.users.get(address)
        if user is None:
            raise Denied(f"That's not a user ({address}).")
        return user

    def _check(self, address: str, password: str, token: str) -> None:
        user = self._box.users.get(address)
        if user is None or not hmac.compare_digest(user.password.encode(), password.encode()):
            raise Denied(WRONG)
        if not user.factors:
            return
        if not token:
            raise Denied(MISSING_TOKEN)
        for factor in user.factors:
            # Each token lets in once.
            if token != factor.last_token and is_valid(factor.secret, token, self._clock.now()):
                factor.last_token = token
                return
        raise Denied(INVALID_TOKEN)

    def _proof(self, user: BoxUser) -> str:
        told = "\0".join([user.password, *(f"{factor.id} {factor.secret}" for factor in user.factors)])
        return hmac.new(self._box.api_key.encode(), told.encode(), "sha256").hexdigest()


def new_key() -> str:
    return secrets.token_hex(32)


def _basic(header: str) -> tuple[str, str]:
    """Name and password, both "" where the header has none. Raises Denied, with Python's words, for other than ASCII."""
    scheme, space, encoded = header.partition(" ")
    if not space or scheme != "Basic":
        return "", ""
    try:
        name, colon, password = (
            base64.b64decode(encoded.strip().encode("ascii")).decode("ascii").partition(":")
        )
    except ValueError as error:
        raise Denied(str(error)) from None
    return (name, password) if colon else ("", "")
