"""The terms of an SPF record (RFC 7208 section 12)."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

_FLAGS = re.ASCII | re.IGNORECASE
_NAME = re.compile(r"([+?~-]?)([a-z][a-z0-9._-]*)(.*)", _FLAGS | re.DOTALL)
# Section 7.2: c, r and t stand only in the text that exp= leads to.
_MACRO = r"%(?:[%_-]|\{[slodiphv][0-9]*r?[.\-+,/_=]*\})"
_MACROS = rf"(?:[!-$&-~]|{_MACRO})*"
# Section 7.1: the last label has a letter or a dash in it, and neither begins nor ends with a dash.
_LABEL = r"(?![0-9]+\.?(?:/|\Z))[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_DOMAIN = rf"{_MACROS}(?:\.{_LABEL}\.?|{_MACRO})"
_LENGTHS = r"(?:/(?P<ip4>0|[1-9][0-9]?))?(?://(?P<ip6>0|[1-9][0-9]{0,2}))?"
_STRING = re.compile(_MACROS, _FLAGS)
_TARGET = re.compile(rf"[:=](?P<domain>{_DOMAIN})", _FLAGS)
_HOST = re.compile(rf"(?::(?P<domain>{_DOMAIN}))?{_LENGTHS}", _FLAGS)
_EXPANDED = re.compile(r"%(?:([%_-])|\{([a-z])([0-9]*)(r?)([.\-+,/_=]*)\})", _FLAGS)

LABEL_LENGTH = 63
NAME_LENGTH = 253


def is_spf(text: str) -> bool:
    """Whether a TXT record is an SPF record: `v=spf1`, then a space or the end (RFC 7208 section 4.5)."""
    return re.match(r"v=spf1( |\Z)", text, _FLAGS) is not None


@dataclass(frozen=True, slots=True)
class Term:
    """A term as it is written, and its parts: `target` is its domain, "" where it names none."""

    text: str
    qualifier: str
    name: str
    target: str = ""

    @property
    def passes(self) -> bool:
        return self.qualifier == "+"


class Terms:
    """A record taken apart.

    `mistakes`: terms that are none. `kept`: the good ones, without `all` and `redirect`. `everybody`: the qualifier of
    `all`, None without one. `redirect`: its target. `mechanisms`: those that are looked at, in their order; `unreached`:
    what stands there and never counts, because of `all` (sections 5.1 and 6.1).
    """

    def __init__(self, record: str) -> None:
        self.mistakes: list[str] = []
        self.kept: list[str] = []
        self.everybody: str | None = None
        self.redirect: str | None = None
        self.mechanisms: list[Term] = []
        self.unreached: list[str] = []
        seen: set[str] = set()
        for text in record.split(" ")[1:]:
            if text:
                self._take(text, seen)
        if self.redirect is not None and self.everybody is not None:
            self.unreached.append(f"redirect={self.redirect}")

    @staticmethod
    def is_include(text: str, host: str) -> bool:
        """Whether it is this include, as a pass."""
        return text.lower().lstrip("+").rstrip(".") == f"include:{host}"

    def _take(self, text: str, seen: set[str]) -> None:
        term = _parsed(text)
        # Section 6: redirect and exp may stand once each.
        twice = term is not None and text.lower().startswith(("redirect=", "exp=")) and term.name in seen
        if term is None or twice:
            self.mistakes.append(text)
            return
        seen.add(term.name)
        if term.name == "all":
            self.everybody = self.everybody or term.qualifier
        elif term.name == "redirect":
            self.redirect = term.target
        else:
            self.kept.append(text)
            if term.name not in _MECHANISMS:
                return
            if self.everybody is None:
                self.mechanisms.append(term)
            else:
                self.unreached.append(text)


_MECHANISMS = frozenset({"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"})


def _parsed(text: str) -> Term | None:
    """The term; None if it is none."""
    matched = _NAME.fullmatch(text)
    if matched is None:
        return None
    qualifier, name, rest = matched[1], matched[2].lower(), matched[3]
    if rest.startswith("="):
        # Section 6: modifiers that nobody knows are ignored; those that are known need a domain.
        known = name in {"redirect", "exp"}
        form = (_TARGET if known else _STRING).fullmatch(rest if known else rest[1:])
        if qualifier or form is None or (known and not _is_name(form["domain"])):
            return None
        return Term(text, "", name if known else "=", form["domain"] if known else "")
    target = _target(name, rest)
    return None if target is None else Term(text, qualifier or "+", name, target)


def _target(name: str, rest: str) -> str | None:
    """The domain that a mechanism names ("" for none); None if it is written wrongly."""
    match name:
        case "all":
            return "" if not rest else None
        case "ip4" | "ip6":
            return "" if rest.startswith(":") and _is_network(name, rest[1:]) else None
        case "ptr" if not rest:
            return ""
        case "include" | "exists" | "ptr":
            form = _TARGET.fullmatch(rest)
        case "a" | "mx":
            form = _HOST.fullmatch(rest)
            if form is not None and (int(form["ip4"] or 0) > 32 or int(form["ip6"] or 0) > 128):
                return None
        case _:
            return None
    if form is None or not _is_name(form["domain"] or ""):
        return None
    return form["domain"] or ""


def _is_name(domain: str) -> bool:
    """Whether DNS can be asked for it, as far as it can be seen. What receivers do otherwise is left open (section 4.8)."""
    labels = domain.removesuffix(".").split(".") if domain and "%" not in domain else []
    return all(0 < len(label) <= LABEL_LENGTH for label in labels) and (
        not labels or len(".".join(labels)) <= NAME_LENGTH
    )


def _is_network(name: str, text: str) -> bool:
    # Python also takes netmasks and scopes; SPF does not (section 5.6).
    if "%" in text or re.search(r"/(?!(?:0|[1-9][0-9]{0,2})\Z)", text):
        return False
    try:
        _ = IPv4Network(text, strict=False) if name == "ip4" else IPv6Network(text, strict=False)
    except ValueError:
        return False
    return True


def expanded(target: str, domain: str, sender: str) -> str | None:
    """The name that a target stands for, lower case, without final dot; None if it takes a message to know.

    `domain`: whose record it is (`%{d}`), `sender`: the domain of the sender (`%{o}`). Section 7.
    """
    known = {"d": domain, "o": sender}
    pieces: list[str] = []
    end = 0
    for macro in _EXPANDED.finditer(target):
        literal, letter, count, turned, delimiters = macro.groups()
        pieces.append(target[end : macro.start()])
        end = macro.end()
        if literal:
            pieces.append({"%": "%", "_": " ", "-": "%20"}[literal])
            continue
        value = known.get(letter.lower())
        if value is None:
            return None
        parts = re.split(f"[{re.escape(delimiters or '.')}]", value)
        parts = parts[::-1] if turned else parts
        pieces.append(".".join(parts[-int(count) :] if count else parts))
    name = "".join([*pieces, target[end:]]).lower().removesuffix(".")
    # Section 7.3: a name that is too long loses labels on its left.
    while len(name) > NAME_LENGTH and "." in name:
        name = name.partition(".")[2]
    return name
