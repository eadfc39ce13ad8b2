"""How long looking at 1,000 domains takes: `python -m tests.benchmarks.dns`, from the root of the repository.

A DNS server in a process of its own holds every answer for 20 ms, over TCP for as long again to connect. Each client runs in
a process of its own, too, one after the other: the bot's own looks (all that is asked about once a day, judged and kept in
a SQLite file), and checkdmarc on some of the same domains, plain and on 16 threads, for the time it takes for one. What
checkdmarc asks and judges is not the same: no DKIM, but also the certificates of mail hosts. The floor is what questions x 20 ms take
50 at a time.

Then a person sends commands to the bot while it does nothing, and while its watch looks at all of the domains as it
does in production. The last line is JSON.
"""

import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from typing_extensions import override

from bot.clock import Bell, SystemClock
from bot.dns import DnsHealth
from bot.dns.direct import NameServers
from bot.dns.expectations import Expectations
from bot.dns.expected import PURELYMAIL
from bot.dns.look import Looker
from bot.dns.lookup import DnsResolver
from bot.dns.policy import NoPolicy, Policies
from bot.dns.provider_view import ProviderView
from bot.dns.witness import Witness
from bot.model import Grade, MailDomain, ProviderVerdict
from bot.sandbox.mail_data import SimulatedDomain
from bot.sandbox.run import Sandbox, open_sandbox
from bot.sandbox.zones import NAME_SERVERS
from bot.storage.database import Database
from tests.benchmarks.slow_dns import Far, far_away, names

MODULE = "tests.benchmarks.dns"
DOMAINS = 1_000
HELD = 0.02
IN_FLIGHT = 50
PLAIN, THREADED, THREADS = 20, 160, 16
COMMANDS = 60
TIMES = 3

FINE = ProviderVerdict(mx=True, spf=True, dkim=True, dmarc=True)

Result = dict[str, Any]


class _None(Policies):
    @override
    async def fetch(self, host: str) -> NoPolicy:
        return NoPolicy(f"{host} has none")


async def _nothing(_account: str) -> None:
    return None


async def ours(address: str, number: int) -> Result:
    """Look at all domains, wholly, as for somebody who asks: without the budget of the watch."""
    domains = [MailDomain("main", name) for name in names(number)]

    async def listed() -> list[MailDomain]:
        return domains

    room = asyncio.Semaphore(IN_FLIGHT)
    witness = Witness("one", DnsResolver([address], in_flight=room))
    servers = NameServers(in_flight=room, found_at=dict.fromkeys(NAME_SERVERS.values(), address))
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite+aiosqlite:///{folder}/mailwarden.db")
        await database.migrate()
        health = DnsHealth(
            witnesses=[witness],
            asked_for=[witness],
            looker=Looker(
                expectations=Expectations({"main": PURELYMAIL}),
                policies=_None(),
                direct=servers,
                ownership=_nothing,
            ),
            expectations=Expectations({"main": PURELYMAIL}),
            database=database,
            clock=SystemClock(),
            bell=Bell(),
            domains=listed,
            provider_view=ProviderView(database=database, providers={}, refresh=_nothing),
            channel="C0DIGEST",
            zone=ZoneInfo("UTC"),
            random=Random(1),  # noqa: S311 - the same in each run
        )
        before, cpu, began = _peak_mb(), time.process_time(), time.perf_counter()
        healths = await health.check_all()
        wall = time.perf_counter() - began
        result = {
            "wall": wall,
            "cpu": time.process_time() - cpu,
            "good": sum(one.grade is Grade.OK for one in healths),
            "mb": _peak_mb(),
            "mb_before": before,
        }
        await database.aclose()
    return result


def theirs(address: str, number: int, threads: int) -> Result:
    """checkdmarc over so many domains."""
    # Only where it is wanted: it takes 50 MB.
    import checkdmarc
    from dns.nameserver import Do53Nameserver

    host, _, port = address.rpartition(":")
    settings: dict[str, Any] = {"nameservers": [Do53Nameserver(host, int(port))], "timeout": 3.0}
    wanted = names(number)
    began, cpu = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(lambda name: checkdmarc.check_domains([name], **settings), wanted))
    return {
        "wall": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "good": sum(one["spf"]["valid"] and one["dmarc"]["valid"] for one in found),
    }


async def acks(address: str, number: int) -> Result:
    """How long commands wait for their ack, idle and while the watch looks at so many domains."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_sandbox(Path(folder), page=False, gap=timedelta(0), resolver=address) as sandbox:
            idle = await _commands(sandbox, COMMANDS)
            for name in names(number):
                sandbox.purelymail.account.domains[name] = SimulatedDomain(name, FINE)
            directory = sandbox.bot.services.directory
            await directory.refresh("main")
            watching = asyncio.create_task(_keep(sandbox.bot.services.dns.run_due))
            busy = await _commands(sandbox, COMMANDS)
            watching.cancel()
            asked_for = asyncio.create_task(_keep(sandbox.bot.services.dns.check_all))
            await asyncio.sleep(0.5)
            flat_out = await _commands(sandbox, COMMANDS)
            asked_for.cancel()
            await asyncio.gather(watching, asked_for, return_exceptions=True)
    return {"idle": idle, "watch": busy, "flat_out": flat_out}


async def _keep(doing: Callable[[], Awaitable[object]]) -> None:
    while True:
        _ = await doing()


async def _commands(sandbox: Sandbox, number: int) -> float:
    """The median of the seconds until a command is acked."""
    ada, waits = sandbox.screen("ada"), []
    for _ in range(number):
        began = time.perf_counter()
        await ada.command("/mail-pending")
        waits.append(time.perf_counter() - began)
        await sandbox.bot.settled()
        await ada.close()
        await asyncio.sleep(0.1)
    return statistics.median(waits)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _apart(*arguments: object) -> Result:
    """What this module prints when it is run with these arguments, in a process of its own."""
    command = [sys.executable, "-m", MODULE, *map(str, arguments)]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    result: Result = json.loads(printed.splitlines()[-1])
    return result


def _rounds(far: Far, times: int, *arguments: object) -> Result:
    """The round with the median wall time; one before them fills the server's memory."""
    _ = _apart(*arguments)
    rounds = []
    for _ in range(times):
        _ = far.questions()
        rounds.append(_apart(*arguments) | {"questions": far.questions()})
    rounds.sort(key=lambda one: float(one["wall"]))
    return rounds[len(rounds) // 2]


def main() -> None:
    with far_away(DOMAINS, HELD) as far:
        bot = _rounds(far, TIMES, "ours", far.address, DOMAINS)
        plain = _rounds(far, 1, "theirs", far.address, PLAIN, 1)
        threaded = _rounds(far, 1, "theirs", far.address, THREADED, THREADS)
        ack = _apart("acks", far.address, DOMAINS)
    floor = bot["questions"] * HELD / IN_FLIGHT
    each = bot["wall"] / DOMAINS
    for name, run, number in (
        ("Mailwarden", bot, DOMAINS),
        ("checkdmarc, plain", plain, PLAIN),
        (f"checkdmarc, {THREADS} threads", threaded, THREADED),
    ):
        print(
            f"{name:24} {number:5} domains in {run['wall']:6.2f} s, {run['wall'] / number * 1000:7.2f} ms each, "
            f"{run['questions'] / number:5.2f} questions each, CPU {run['cpu']:6.2f} s, {run['good']} good"
        )
    print(f"floor                    {floor:.2f} s; memory {bot['mb']:.0f} MB, {bot['mb_before']:.0f} before")
    print(
        f"command acked after      {ack['idle'] * 1000:.1f} ms idle, {ack['watch'] * 1000:.1f} ms while the watch looks, "
        f"{ack['flat_out'] * 1000:.1f} ms while somebody has all looked at without its budget"
    )
    summary = {
        "floor_ratio": bot["wall"] / floor,
        "checkdmarc_plain_ratio": plain["wall"] / PLAIN / each,
        "checkdmarc_threads_ratio": threaded["wall"] / THREADED / each,
        "questions_per_domain": bot["questions"] / DOMAINS,
        "ack_ratio": ack["watch"] / ack["idle"],
        "ack_ratio_flat_out": ack["flat_out"] / ack["idle"],
        "cpu_seconds": bot["cpu"],
        "peak_mb": bot["mb"],
    }
    print(json.dumps({key: round(value, 2) for key, value in summary.items()}))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["ours", address, number]:
            print(json.dumps(asyncio.run(ours(address, int(number)))))
        case ["theirs", address, number, threads]:
            print(json.dumps(theirs(address, int(number), int(threads))))
        case ["acks", address, number]:
            print(json.dumps(asyncio.run(acks(address, int(number)))))
        case _:
            main()
