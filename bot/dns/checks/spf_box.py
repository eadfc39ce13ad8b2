"""Whether an SPF record lets a box send: by what it wants to stand there, or by anything that comes to the same."""

import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from bot.dns.checks.spf_terms import Term, Terms
from bot.dns.checks.spf_tree import Branch, SpfTree
from bot.dns.expected import Expected

_HOSTS = frozenset({"a", "mx", "ip4", "ip6"})
_LENGTHS = re.compile(r"(?:/(\d+))?(?://(\d+))?\Z")


def box_terms(expected: Expected) -> list[str]:
    """What lets the box send in the record that it wants: `mx`."""
    return [term.text.lower().lstrip("+") for term in _wanted(expected)]


def allows_box(tree: SpfTree, expected: Expected) -> bool:
    """Whether all that the box wants to pass does: itself, and those it sends through."""
    wanted = _wanted(expected)
    named = {path[-1].name for path in tree.allowed()}
    written = {term.text.lower().lstrip("+") for term in tree.terms.mechanisms if term.passes}
    return all(
        term.text.lower().lstrip("+") in written or term.target.lower() in named
        for term in wanted
        if term.name not in _HOSTS
    ) and (not any(term.name in _HOSTS for term in wanted) or _passes(tree, expected))


def _wanted(expected: Expected) -> list[Term]:
    return [term for term in Terms(expected.spf_record).mechanisms if term.passes]


def _passes(tree: SpfTree, expected: Expected) -> bool:
    """Whether all addresses of the box pass."""
    told = expected.box.addresses if expected.box else frozenset()
    left = set(told)
    for inner in _trees(tree):
        if any(_leads_to(branch, expected.mx_host, told) for branch in inner.branches):
            return True
        for term in inner.terms.mechanisms:
            if term.passes and term.name in {"ip4", "ip6"}:
                network = ip_network(term.text.partition(":")[2], strict=False)
                left -= {one for one in left if ip_address(one) in network}
    return bool(told) and not left


def _trees(tree: SpfTree) -> Iterator[SpfTree]:
    """The record itself, and those whose senders pass because of it."""
    yield tree
    for path in tree.allowed():
        if path[-1].inner is not None:
            yield path[-1].inner


def _leads_to(branch: Branch, host: str, addresses: frozenset[str]) -> bool:
    if not branch.term.passes:
        return False
    match branch.term.name:
        case "mx":
            return any(value.split()[-1] == host for value in branch.values)
        case "a":
            # One host: what is true of one of its addresses is true of the others.
            return branch.name == host or any(
                _is_near(value, branch.term, addresses) for value in branch.values
            )
        case _:
            return False


def _is_near(found: str, term: Term, addresses: frozenset[str]) -> bool:
    """Whether an address of the box is as near to that address as the term wants it (RFC 7208 section 5.6)."""
    lengths = _LENGTHS.search(term.text)
    address = ip_address(found)
    length = lengths and lengths[1 if address.version == 4 else 2]
    network = ip_network(f"{found}/{length}" if length else found, strict=False)
    return any(ip_address(one) in network for one in addresses)
