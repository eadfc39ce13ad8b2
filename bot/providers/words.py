"""What a mail system said, made fit to be repeated to a person."""

import unicodedata
from collections.abc import Iterable

LONGEST = 300
"""How much of the server's own words a sentence repeats."""


def repeatable(text: str, *, hiding: Iterable[str | None] = ()) -> str:
    """Printable, on one line, and cut. Withheld altogether where it holds one of the secrets in `hiding`."""
    if any(secret and secret in text for secret in hiding):
        return "(its reason is withheld: it repeats a secret)"
    clean = "".join(
        " " if unicodedata.category(character).startswith("C") else character for character in text
    )
    return clean if len(clean) <= LONGEST else f"{clean[: LONGEST - 1]}…"
