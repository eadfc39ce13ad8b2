"""Runs listeners. Replaces the runner of slack_bolt 1.30, whose ack is looked for every 10 ms, and lost if the
listener raises before it was found (slack_bolt/listener/asyncio_runner.py).

Here an answer leaves as soon as `ack()` is called, the first ack stands whatever happens later, and every listener is
known until it has ended, so that it can be waited for.
"""

import asyncio
import logging
from typing import Any, Self

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.listener.async_listener import AsyncListener
from slack_bolt.listener.asyncio_runner import AsyncioListenerRunner
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from typing_extensions import override

log = logging.getLogger(__name__)


class FirstAck(AsyncAck):
    """The first call is the answer; later ones change nothing."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Bolt leaves it bare
        self._given = asyncio.Event()

    @override
    async def __call__(self, *args: Any, **kwargs: Any) -> BoltResponse:
        if self.response is not None:
            log.warning("a listener acknowledged twice; the first answer stands")
            return self.response
        response = await super().__call__(*args, **kwargs)
        self._given.set()
        return response

    def settle(self, response: BoltResponse | None) -> None:
        """The listener has ended. `response` answers for it if it gave no answer itself."""
        self.response = self.response or response
        self._given.set()

    async def answer(self, within: float) -> BoltResponse | None:
        """The answer, as soon as there is one; None if the listener gives none in `within` seconds."""
        try:
            async with asyncio.timeout(within):
                _ = await self._given.wait()
        except TimeoutError:
            return None
        return self.response


class ListenerRunner(AsyncioListenerRunner):
    _tasks: set["asyncio.Task[None]"]

    @classmethod
    def install(cls, app: AsyncApp) -> Self:
        """Make `app` run its listeners here. Call it before the first request."""
        present = app.listener_runner
        runner = cls(
            logger=present.logger,
            process_before_response=False,
            listener_error_handler=present.listener_error_handler,
            listener_start_handler=present.listener_start_handler,
            listener_completion_handler=present.listener_completion_handler,
            lazy_listener_runner=present.lazy_listener_runner,
        )
        runner._tasks = set()
        app._async_listener_runner = runner  # noqa: SLF001 - Bolt has no public way to set it
        return runner

    @override
    async def run(
        self,
        request: AsyncBoltRequest,
        response: BoltResponse,
        listener_name: str,
        listener: AsyncListener,
        starting_time: float | None = None,
    ) -> BoltResponse | None:
        """Start a listener and return its answer, while it goes on working. None where it gives none in time."""
        ack = FirstAck()
        request.context["ack"] = ack
        if listener.auto_acknowledgement:
            await ack()
        task = asyncio.create_task(self._listen(request, response, listener, ack), name=listener_name)
        self._tasks.add(task)  # the event loop itself keeps only weak references
        task.add_done_callback(self._tasks.discard)
        answer = await ack.answer(within=listener.ack_timeout)
        if answer is None:
            log.error("listener %s did not acknowledge within %s s", listener_name, listener.ack_timeout)
        return answer

    async def settled(self) -> None:
        """Return when no listener is running."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def drain(self, timeout: float) -> int:  # noqa: ASYNC109 - a deadline for all, after which the rest is cut
        """Let running listeners finish for at most `timeout` seconds, then cut the rest; returns how many were cut."""
        try:
            async with asyncio.timeout(timeout):
                await self.settled()
        except TimeoutError:
            pass
        cut = list(self._tasks)
        for task in cut:
            log.error("listener %s was cut off: it did not end within %s s", task.get_name(), timeout)
            task.cancel()
        await asyncio.gather(*cut, return_exceptions=True)
        return len(cut)

    async def _listen(
        self, request: AsyncBoltRequest, response: BoltResponse, listener: AsyncListener, ack: FirstAck
    ) -> None:
        failure: BoltResponse | None = None
        try:
            await self.listener_start_handler.handle(request=request, response=response)
            await listener.run_ack_function(request=request, response=response)
        except Exception as error:  # noqa: BLE001 - a listener's bug must not end the dispatcher
            failure = BoltResponse(status=500)
            # Without a response to fill in, an error handler of the app may not return one: hand it a spare.
            spare = failure if ack.response is None else BoltResponse(status=200)
            await self.listener_error_handler.handle(error=error, request=request, response=spare)
        finally:
            ack.settle(failure)
            await self.listener_completion_handler.handle(request=request, response=response)
