"""The terms of an SPF record (RFC 7208 section 12)."""

import re
from ipaddress import IPv4Network, IPv6Network

_NAME = re.compile(r"([+?~-]?)([a-z][a-z0-9._-]*)(.*)", re.IGNORECASE | re.DOTALL)
_LENGTHS = re.compile(r"(?:/(\d{1,2}))?(?://(\d{1,3}))?")
_MACRO = r"%\{[slodiphcrtv]\d*r?[.\-+,/_=]*\}"
_MACROS = re.compile(rf"(?:[!-$&-~]|%[%_-]|{_MACRO})*", re.IGNORECASE)
_DOMAIN = re.compile(rf"{_MACROS.pattern}(?:\.[a-z0-9-]+\.?|{_MACRO})", re.IGNORECASE)


def is_spf(text: str) -> bool:
    """Whether a TXT record is an SPF record: `v=spf1`, then a space or the end (RFC 7208 section 4.5)."""
    return re.match(r"v=spf1( |$)", text, re.IGNORECASE) is not None


class Terms:
    """A record taken apart.

    `mistakes`: terms that are none. `kept`: the good ones, without `all` and `redirect`. `everybody`: the qualifier of
    `all`, None without one. `redirect`: its target.
    """

    def __init__(self, record: str) -> None:
        self.mistakes: list[str] = []
        self.kept: list[str] = []
        self.everybody: str | None = None
        self.redirect: str | None = None
        self._before_all: list[str] = []
        seen: set[str] = set()
        for term in record.split(" ")[1:]:
            if term:
                self._take(term, seen)

    def allows(self, host: str) -> bool:
        """Whether the include stands where it counts: before `all` (section 5.1), or as the redirect (section 6.1)."""
        if any(self.is_include(term, host) for term in self._before_all):
            return True
        return self.everybody is None and (self.redirect or "").lower().rstrip(".") == host

    @staticmethod
    def is_include(term: str, host: str) -> bool:
        """Whether it is this include, as a pass."""
        return term.lower().lstrip("+").rstrip(".") == f"include:{host}"

    def _take(self, term: str, seen: set[str]) -> None:
        matched = _NAME.fullmatch(term)
        if matched is None:
            self.mistakes.append(term)
            return
        qualifier, name, rest = matched[1], matched[2].lower(), matched[3]
        # Section 6: redirect and exp may stand once each.
        twice = rest.startswith("=") and name in {"redirect", "exp"} and name in seen
        seen.add(name)
        if twice or not _is_good(qualifier, name, rest):
            self.mistakes.append(term)
        elif name == "all":
            self.everybody = self.everybody or qualifier or "+"
        elif name == "redirect":
            self.redirect = rest[1:]
        else:
            self.kept.append(term)
            if self.everybody is None:
                self._before_all.append(term)


def _is_good(qualifier: str, name: str, rest: str) -> bool:
    if rest.startswith("="):
        # Section 6: modifiers that nobody knows are ignored; those that are known need a domain.
        form = _DOMAIN if name in {"redirect", "exp"} else _MACROS
        return not qualifier and form.fullmatch(rest[1:]) is not None
    host, slash, lengths = rest.partition("/")
    match name:
        case "all":
            return not rest
        case "include" | "exists":
            return _is_domain(rest)
        case "ptr":
            return not rest or _is_domain(rest)
        case "a" | "mx":
            return (not host or _is_domain(host)) and _are_lengths(slash + lengths)
        case "ip4" | "ip6":
            return rest.startswith(":") and _is_network(name, rest[1:])
        case _:
            return False


def _is_domain(text: str) -> bool:
    """`:` and a domain, which ends in a label or a macro (section 7.1)."""
    return text.startswith(":") and _DOMAIN.fullmatch(text[1:]) is not None


def _is_network(name: str, text: str) -> bool:
    # Python also takes netmasks and scopes; SPF does not (section 5.6).
    if "%" in text or re.search(r"/(?!\d{1,3}$)", text):
        return False
    try:
        _ = IPv4Network(text, strict=False) if name == "ip4" else IPv6Network(text, strict=False)
    except ValueError:
        return False
    return True


def _are_lengths(text: str) -> bool:
    matched = _LENGTHS.fullmatch(text)
    return matched is not None and int(matched[1] or 0) <= 32 and int(matched[2] or 0) <= 128
