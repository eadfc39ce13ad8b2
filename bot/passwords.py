"""Passwords: made, and judged. Neither is ever kept, logged or put into an exception."""

import asyncio
import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass

from zxcvbn import zxcvbn

ALPHABET = "".join(sorted(set(string.ascii_letters + string.digits) - set("0O1lIo")))
"""Letters and digits without those that are mistaken for each other when read aloud or copied by hand."""

GROUPS = 4
GROUP_LENGTH = 5
"""Four groups of five: 20 characters of 56, about 116 bits."""

MIN_LENGTH = 10
MIN_SCORE = 3
"""zxcvbn's "safely unguessable" where hashes are slow (github.com/dropbox/zxcvbn)."""

JUDGED = 72
"""zxcvbn's time grows faster than the length; its own limit. What comes later only makes a password stronger."""

LABELS = ("Very weak", "Weak", "Fair", "Strong", "Very strong")


@dataclass(frozen=True, slots=True)
class Strength:
    """`score` from 0 to 4; `advice` in sentences; `acceptable` is whether it may be used."""

    score: int
    label: str
    advice: tuple[str, ...]
    acceptable: bool


def generate() -> str:
    """A new password with lower-case and upper-case letters and digits, such as `k7RmQ-...`, 23 characters long."""
    while True:
        groups = ["".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS)]
        password = "-".join(groups)
        if (
            any(map(str.isdigit, password))
            and any(map(str.isupper, password))
            and any(map(str.islower, password))
        ):
            return password


async def judge(password: str, *, context: Sequence[str] = ()) -> Strength:
    """How hard a password is to guess for somebody who knows the words in `context` (user name, domain)."""
    # zxcvbn takes up to some tens of milliseconds of pure computing.
    return await asyncio.to_thread(_judge, password, tuple(context))


def _judge(password: str, context: tuple[str, ...]) -> Strength:
    if not password:
        return Strength(0, LABELS[0], ("Type a password.",), acceptable=False)
    if any(not character.isprintable() for character in password):
        return Strength(0, LABELS[0], ("Leave out line breaks and control characters.",), acceptable=False)
    verdict = zxcvbn(password[:JUDGED], user_inputs=[word for word in context if word], max_length=JUDGED)
    score = int(verdict["score"])
    feedback = verdict["feedback"]
    advice = [text for text in (feedback["warning"], *feedback["suggestions"]) if text]
    if len(password) < MIN_LENGTH:
        score = min(score, MIN_SCORE - 1)
        advice.insert(0, f"Use at least {MIN_LENGTH} characters.")
    if score < MIN_SCORE and not advice:
        advice.append("Add another word or two.")
    sentences = tuple(text if text.endswith((".", "!")) else f"{text}." for text in advice)
    return Strength(score, LABELS[score], sentences, acceptable=score >= MIN_SCORE)
