"""A box that is asked as any client asks it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from bot.clock import MovableClock
from bot.sandbox.mailinabox import BoxUser, Mailbox, MailInABoxSimulator, SimulatedBox

ADMIN, ADMIN_PASSWORD = "admin@example.com", "Adm1n-Passw0rd"
ALICE, BOB = "alice@acme.example", "bob@acme.example"
PASSWORD = "s3curE_pa5Sw0rD"
API_KEY = "2f" * 16
CRASHED = "<title>500 Internal Server Error</title>"


class BoxApi:
    """Asks as the administrator unless told otherwise."""

    def __init__(
        self, simulator: MailInABoxSimulator, clock: MovableClock, client: httpx.AsyncClient
    ) -> None:
        self.simulator = simulator
        self.box = simulator.box
        self.clock = clock
        self.client = client

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.client.get(
            f"{self.simulator.url}{path}", **{"auth": (ADMIN, ADMIN_PASSWORD), **more}
        )

    async def post(self, path: str, form: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        auth = {"auth": (ADMIN, ADMIN_PASSWORD), **more}
        return await self.client.post(f"{self.simulator.url}{path}", data=form or {}, **auth)

    async def listed(self) -> dict[str, dict[str, Any]]:
        """What the listing says of each address."""
        domains = (await self.get("/mail/users", params={"format": "json"})).json()
        return {user["email"]: user for domain in domains for user in domain["users"]}


def small_box() -> SimulatedBox:
    """An administrator, Alice without a mailbox, and Bob with one of 20 MB and a quota of 500 MB."""
    return SimulatedBox(
        hostname="box.example.com",
        ip="192.0.2.10",
        users={
            ADMIN: BoxUser(ADMIN, ADMIN_PASSWORD, ["admin"]),
            ALICE: BoxUser(ALICE, PASSWORD),
            BOB: BoxUser(BOB, PASSWORD, quota="500M"),
        },
        api_key=API_KEY,
        mailboxes={BOB: Mailbox(20_000_000, 524_288_000)},
    )


@asynccontextmanager
async def asked_box(box: SimulatedBox) -> AsyncIterator[BoxApi]:
    clock = MovableClock()
    simulator = MailInABoxSimulator(box, clock=clock, login=ADMIN, password=ADMIN_PASSWORD)
    await simulator.start()
    async with httpx.AsyncClient(trust_env=False) as client:
        yield BoxApi(simulator, clock, client)
    await simulator.stop()
