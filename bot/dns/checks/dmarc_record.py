"""A DMARC policy record, taken apart (RFC 9989 section 4.7)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

POLICIES = frozenset({"none", "quarantine", "reject"})

REMOVED = ("pct", "rf", "ri")
"""Tags of RFC 7489 that RFC 9989 has taken out."""

# RFC 9989 section 4.7: v comes first, and its value is case-sensitive.
_DMARC = re.compile(r"\s*v\s*=\s*DMARC1\s*(?:;|$)")
_ONE_BELOW = {"reject": "quarantine", "quarantine": "none", "none": "none"}


@dataclass(frozen=True, slots=True)
class DmarcRecord:
    """`tags`: by name in lower case; of one that stands twice the last value, and then `twice`."""

    text: str
    tags: dict[str, str]
    twice: bool

    @classmethod
    def parse(cls, text: str) -> Self:
        pairs = [part.partition("=") for part in text.split(";") if part.strip()]
        tags = {tag.strip().lower(): value.strip() for tag, _, value in pairs}
        return cls(text, tags, twice=len(tags) < len(pairs))

    @property
    def policy(self) -> str:
        """A missing p is p=none (RFC 9989 section 4.7)."""
        return self._of("p", "none")

    @property
    def subdomain_policy(self) -> str:
        """What counts for a domain below this one that exists and has no record of its own."""
        return self._of("sp", self.policy)

    @property
    def testing(self) -> bool:
        return self._of("t", "n") == "y"

    @property
    def psd(self) -> str:
        """`y`: a public suffix; `n`: an organisation's own top; `u`: to be found out."""
        return self._of("psd", "u")

    @property
    def readable(self) -> bool:
        # RFC 6376 section 3.2, whose syntax it is: no tag may stand twice.
        return not self.twice and {self.policy, self.subdomain_policy, self._of("np", "none")} <= POLICIES

    def in_effect(self, policy: str) -> str:
        """RFC 9989 section 4.7: t=y asks for the policy one step below."""
        return _ONE_BELOW[policy] if self.testing else policy

    def without(self, tags: Iterable[str], *first: str) -> str:
        """The text without some tags, with others put right behind the version."""
        gone = frozenset(tags)
        parts = [part.strip() for part in self.text.split(";") if part.strip()]
        kept = [part for part in parts[1:] if part.partition("=")[0].strip().lower() not in gone]
        return "; ".join(["v=DMARC1", *first, *kept])

    def _of(self, tag: str, default: str) -> str:
        return self.tags.get(tag, default).lower()


def dmarc_records(values: Iterable[str]) -> list[str]:
    """Those of the TXT records at a name that are DMARC's (RFC 9989 section 4.10)."""
    return [value for value in values if _DMARC.match(value)]
