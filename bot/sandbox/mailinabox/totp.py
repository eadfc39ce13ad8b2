"""Time-based one-time passwords (RFC 6238) as authenticator apps make them: SHA-1, six digits, thirty seconds."""

import base64
import hashlib
import hmac
from datetime import datetime

STEP = 30
DIGITS = 6


def totp(secret: str, at: datetime, *, steps: int = 0) -> str:
    """The token of a base32 secret at a time, or so many steps after it. Raises ValueError for what is not base32."""
    counter = int(at.timestamp()) // STEP + steps
    digest = hmac.new(base64.b32decode(secret), counter.to_bytes(8, "big"), hashlib.sha1).digest()
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def is_valid(secret: str, token: str, at: datetime) -> bool:
    """Whether it is the token of now, or of one step before or after."""
    return any(hmac.compare_digest(totp(secret, at, steps=steps), token) for steps in (-1, 0, 1))
