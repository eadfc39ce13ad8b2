"""Socket Mode's other end: tickets, connections, envelopes and the acks that answer them.

docs.slack.dev, apis/events-api/using-socket-mode. Each envelope goes to one of the connections, not to all.
"""

import asyncio
import contextlib
import json
import secrets
import uuid
from typing import Any

from aiohttp import WSMsgType, web

from bot.sandbox.slack.errors import PersonError
from bot.sandbox.slack.faults import SOCKET, Fault, Faults

ACK_SECONDS = 3.0
CONNECTIONS = 10


class SocketMode:
    def __init__(self, faults: Faults, *, ack_seconds: float = ACK_SECONDS) -> None:
        self._faults = faults
        self._ack_seconds = ack_seconds
        self._tickets: set[str] = set()
        self._connections: list[web.WebSocketResponse] = []
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._turn = 0
        self._connected = asyncio.Event()

    def ticket(self) -> str:
        """A single-use ticket for `/link` (apps.connections.open)."""
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        return ticket

    async def link(self, request: web.Request) -> web.StreamResponse:
        """The WebSocket itself."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets or len(self._connections) >= CONNECTIONS:
            return web.Response(status=408)
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse(heartbeat=30)
        await socket.prepare(request)
        await socket.send_json(
            {
                "type": "hello",
                "num_connections": len(self._connections) + 1,
                "connection_info": {"app_id": "A0MAILWARDEN"},
                "debug_info": {"host": "sandbox", "approximate_connection_time": 18060},
            }
        )
        self._connections.append(socket)
        self._connected.set()
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    self._receive(frame.data)
        finally:
            self._connections.remove(socket)
            if not self._connections:
                self._connected.clear()
        return socket

    async def deliver(
        self, kind: str, payload: dict[str, Any], *, answerable: bool = True, fault: Fault | None = None
    ) -> dict[str, Any]:
        """Send an envelope and return the payload of its ack ({} for a bare one).

        `fault` is what goes wrong with it, by default what was injected for the socket. Raises TimeoutError if no ack
        comes in time, PersonError if no app is connected.
        """
        if fault is None:
            fault = self._faults.take(SOCKET)
        envelope_id = str(uuid.uuid4())
        envelope = {
            "envelope_id": envelope_id,
            "type": kind,
            "accepts_response_payload": answerable,
            "payload": payload,
        }
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = answer
        try:
            async with asyncio.timeout(self._ack_seconds):
                for _ in range(2 if fault.redeliver else 1):
                    await (await self._next()).send_json(envelope)
                acked = await answer
        finally:
            del self._waiting[envelope_id]
        if fault.drop_response:
            raise TimeoutError
        return acked

    async def refresh(self) -> None:
        """Ask every connection to come back, as Slack does every few hours."""
        for socket in list(self._connections):
            await socket.send_json({"type": "disconnect", "reason": "refresh_requested", "debug_info": {}})
            await socket.close()

    async def connected(self) -> None:
        _ = await self._connected.wait()

    async def close(self) -> None:
        for socket in list(self._connections):
            with contextlib.suppress(ConnectionError):
                await socket.close()

    async def _next(self) -> web.WebSocketResponse:
        _ = await self._connected.wait()  # between two connections Slack holds an envelope back for a moment
        if not self._connections:
            raise PersonError("the app is not connected")
        self._turn += 1
        return self._connections[self._turn % len(self._connections)]

    def _receive(self, text: str) -> None:
        ack = json.loads(text)
        answer = self._waiting.get(ack.get("envelope_id", ""))
        if answer is not None and not answer.done():
            answer.set_result(ack.get("payload") or {})
