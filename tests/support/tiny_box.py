"""A server that gives the answers it was told to give, and notes what it was asked."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Canned:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """`target`: method and path, `POST /admin/mail/users/add`. `fields`: of the query and the form."""

    target: str
    fields: dict[str, str]
    headers: Mapping[str, str]


@dataclass
class TinyBox:
    url: str
    answers: dict[str, Canned | list[Canned]] = field(default_factory=dict)
    """By target; of a list one after the other, the last for ever."""
    otherwise: Callable[[], Canned] = lambda: Canned(404, b"<!doctype html>")
    asked: list[Asked] = field(default_factory=list)


@asynccontextmanager
async def tiny_box() -> AsyncIterator[TinyBox]:
    """On loopback; `url` ends in /admin."""
    box = TinyBox("")

    async def answer(request: web.Request) -> web.StreamResponse:
        target = f"{request.method} {request.path}"
        form = await request.post() if request.method == "POST" else {}
        fields = {name: str(value) for name, value in {**request.query, **form}.items()}
        box.asked.append(Asked(target, fields, dict(request.headers)))
        canned = box.answers.get(target) or box.otherwise()
        if isinstance(canned, list):
            canned = canned.pop(0) if len(canned) > 1 else canned[0]
        return web.Response(status=canned.status, body=canned.body, headers=dict(canned.headers))

    application = web.Application(client_max_size=2_000_000)
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    box.url = f"http://{host}:{port}/admin"
    try:
        yield box
    finally:
        await runner.cleanup()
