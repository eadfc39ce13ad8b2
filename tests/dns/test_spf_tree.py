"""What an SPF record leads to, and how many look-ups that costs."""

import pytest
from typing_extensions import override

from bot.dns.checks.spf_terms import expanded
from bot.dns.checks.spf_tree import ENOUGH, Fault, SpfTree, expand
from bot.dns.lookup import Answer, NoData, Records
from tests.support.dns_table import TableResolver
from tests.support.spf_records import Table, texts


async def tree_of(record: str, table: Table) -> SpfTree:
    return await expand("acme.example", record, TableResolver(table))


@pytest.mark.parametrize(
    ("record", "lookups"),
    [
        ("v=spf1 -all", 0),
        ("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 exp=why.example.example ra=x -all", 0),
        ("v=spf1 a mx ptr exists:%{i}.x.example include:a.example -all", 5),
        ("v=spf1 include:b.example -all", 3),
        ("v=spf1 redirect=b.example", 3),
        ("v=spf1 a redirect=b.example -all", 1),
        ("v=spf1 a ~all mx include:b.example", 1),
        ("v=spf1 include:a.example include:a.example -all", 2),
        ("v=spf1 -include:b.example ~a -all", 4),
    ],
)
async def test_each_term_that_makes_receivers_ask_counts_also_those_in_what_is_included(
    record: str, lookups: int
) -> None:
    table = texts(a="v=spf1 ip4:192.0.2.1 -all", b="v=spf1 a:x.example redirect=a.example")
    assert (await tree_of(record, table)).lookups == lookups


async def test_names_are_asked_without_case_and_final_dot_and_nothing_behind_all_is_asked() -> None:
    ask = TableResolver(texts(a="v=spf1 a:Mail.Example -all mx"))
    _ = await expand("acme.example", "v=spf1 include:A.example. -all include:b.example", ask)
    assert ask.count == {("a.example", "TXT"): 1, ("mail.example", "A"): 1}


async def test_a_host_with_only_an_ipv6_address_is_not_void_but_one_without_any_is() -> None:
    table: Table = {("six.example", "A"): NoData(), ("six.example", "AAAA"): Records(("2001:db8::1",))}
    tree = await tree_of(
        "v=spf1 a:six.example a:none.example mx:none.example exists:none.example -all", table
    )
    assert [branch.void for branch in tree.branches] == [False, True, True, True]


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("%{d}.spf.example", "mail.acme.example.spf.example"),
        ("_spf.%{d2}", "_spf.acme.example"),
        ("%{dr}.example", "example.acme.mail.example"),
        ("%{o}.spf.example", "acme.example.spf.example"),
        ("%{D1}%%%-.example", "example%%20.example"),
        ("%{i}.spf.example", None),
        ("%{l1r-}.%{d}", None),
        ("Spf.Example.", "spf.example"),
    ],
)
def test_macros_are_expanded_unless_it_takes_a_message(target: str, name: str | None) -> None:
    assert expanded(target, "mail.acme.example", "acme.example") == name


async def test_a_name_that_takes_a_message_costs_a_look_up_and_is_not_asked_for() -> None:
    ask = TableResolver({})
    tree = await expand("acme.example", "v=spf1 exists:%{i}.a.example include:%{l}.b.example -all", ask)
    assert (tree.lookups, tree.is_lower_bound, ask.count.total()) == (2, True, 0)


async def test_an_endless_tree_is_left_when_the_verdict_is_clear() -> None:
    fan = "v=spf1 " + " ".join(f"include:{number}.%{{d}}" for number in range(20))

    class Endless(TableResolver):
        @override
        async def lookup(self, name: str, rdtype: str) -> Answer:
            self.count[name, rdtype] += 1
            return Records((fan,))

    ask = Endless({})
    tree = await expand("acme.example", fan, ask)
    assert tree.lookups > ENOUGH
    assert tree.is_lower_bound
    assert ask.count.total() <= ENOUGH


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        ("v=spf1 include:none.example", Fault.MISSING),
        ("v=spf1 include:other.example", Fault.MISSING),
        ("v=spf1 include:two.example", Fault.SEVERAL),
        ("v=spf1 include:wrong.example", Fault.SYNTAX),
        ("v=spf1 include:acme.example", Fault.LOOP),
        ("v=spf1 redirect=ACME.example.", Fault.LOOP),
        ("v=spf1 include:round.example", Fault.LOOP),
    ],
)
async def test_an_include_that_leads_nowhere_is_told_with_its_reason(record: str, fault: Fault) -> None:
    table = texts(
        other="google-site-verification=x",
        two=["v=spf1 -all", "v=spf1 ~all"],
        wrong="v=spf1 ip4:x -all",
        round="v=spf1 include:acme.example -all",
    )
    paths = list((await tree_of(record, table)).paths())
    assert [path[-1].fault for path in paths if path[-1].fault] == [fault]
