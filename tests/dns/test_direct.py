"""Asking one server itself: what it says, and every way of getting no answer from it."""

import socket

import pytest

from bot.dns.direct import NameServers, ServerAnswer
from bot.dns.lookup import Unanswered
from bot.sandbox.dns import DnsServer

ACME = "acme-tools.example"
HERE = "192.0.2.53"


def asking(server: DnsServer) -> NameServers:
    return NameServers(in_flight=5, try_seconds=0.1, found_at={HERE: server.address})


async def test_a_server_speaks_with_authority_of_its_own_zones_only(server: DnsServer) -> None:
    direct = asking(server)
    assert await direct.ask_server(HERE, ACME, "NS") == ServerAnswer(
        "NOERROR", True, ("ns1.sandbox.example", "ns2.sandbox.example")
    )
    assert await direct.ask_server(HERE, ACME, "CAA") == ServerAnswer("NOERROR", True)
    assert await direct.ask_server(HERE, f"nothing.{ACME}", "NS") == ServerAnswer("NXDOMAIN", True)
    assert await direct.ask_server(HERE, "elsewhere.test", "NS") == ServerAnswer("NXDOMAIN", False)


async def test_a_refusal_is_an_answer(server: DnsServer) -> None:
    server.faults[ACME] = "refused"
    assert await asking(server).ask_server(HERE, ACME, "SOA") == ServerAnswer("REFUSED")


async def test_an_answer_that_is_too_long_comes_over_tcp(server: DnsServer) -> None:
    names = [f"{'n' * 60}{number}.sandbox.example" for number in range(40)]
    server.set_records(ACME, "NS", [f"{name}." for name in names])
    answer = await asking(server).ask_server(HERE, ACME, "NS")
    assert answer == ServerAnswer("NOERROR", True, tuple(sorted(names)))


async def test_a_question_that_is_lost_is_asked_again_and_then_given_up(server: DnsServer) -> None:
    server.faults[ACME] = "drop"
    assert await asking(server).ask_server(HERE, ACME, "SOA") == Unanswered(f"{HERE} did not answer in time")
    assert server.asked[ACME, "SOA"] == 2


async def test_what_sends_no_dns_is_no_answer() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        direct = NameServers(
            in_flight=5, try_seconds=0.1, found_at={HERE: f"127.0.0.1:{taken.getsockname()[1]}"}
        )
        assert isinstance(await direct.ask_server(HERE, ACME, "SOA"), Unanswered)


@pytest.mark.parametrize("address", ["192.0.2.99", "not an address", ""])
async def test_an_address_that_leads_nowhere_is_no_answer(server: DnsServer, address: str) -> None:
    assert isinstance(await asking(server).ask_server(address, ACME, "SOA"), Unanswered)
    assert not server.asked


async def test_no_name_makes_asking_raise(server: DnsServer) -> None:
    for name in ("a..example", "x" * 64, "\u2028.example"):
        assert isinstance(await asking(server).ask_server(HERE, name, "SOA"), Unanswered)
    assert await asking(server).ask_server(HERE, "müller.example", "SOA") == ServerAnswer("NXDOMAIN")
