"""One turn of a person: what they did, and how to answer where they are looking.

`listener` is the only way into the house. It authorises at every act, lets nothing escape, shows every error where the
person is looking, and acknowledges for a listener that did not. Nothing here logs what a person typed.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient

from bot.model import Operator
from bot.services import Services
from handlers.payloads import Action, Kind, OpenView, clean, error_code, kind_of, on_trail

log = logging.getLogger(__name__)

Recover = Callable[[str], Awaitable[View]]
"""Makes the view that goes on after a failure, from the sentence about it."""

PATIENCE = 1.5
"""Seconds from a submission's arrival in which its work may become the answer itself; 3 is Slack's limit."""

GAP = 0.4
"""Seconds between an answer over the socket and a call over HTTPS about the same view: Slack may take them in either
order if they are closer than that, and the older view would stay."""

AGAIN = (0.3, 1.0, 2.0)
"""Seconds before each further try to show a view, where Slack did not take it."""

VIEW_CLOSED = frozenset({"not_found", "hash_conflict", "view_not_found"})
"""Normal answers to views.update: the person has closed the view, or something newer is shown (docs.slack.dev)."""

NO_EPHEMERAL = frozenset({"user_not_in_channel", "channel_not_found", "not_in_channel", "is_archived"})


@dataclass(slots=True)
class Turn:
    """`text` is what follows a slash command, or what is typed into a select with live search."""

    services: Services
    kind: Kind
    slack_id: str
    team_id: str
    client: AsyncWebClient = field(repr=False)
    trigger_id: str
    channel_id: str | None
    text: str
    view: OpenView | None
    action: Action | None
    arrived: float
    _ack: AsyncAck = field(repr=False)
    recover: Recover | None = None
    """What to show in the modal after a failure; without it the present view stays, with the problem on top."""
    message: dict[str, Any] | None = field(default=None, repr=False)
    """The message that a shortcut was used on."""
    _operator: Operator | None = None
    _answered_at: float | None = None

    @classmethod
    def read(
        cls,
        services: Services,
        body: dict[str, Any],
        ack: AsyncAck,
        client: AsyncWebClient,
        context: AsyncBoltContext,
    ) -> "Turn":
        identity = context.authorize_result
        actions = body.get("actions") or []
        return cls(
            services=services,
            kind=kind_of(body),
            slack_id=context.user_id or "",
            team_id=(identity.team_id if identity is not None else None) or "",
            client=client,
            trigger_id=str(body.get("trigger_id", "")),
            channel_id=context.channel_id,
            text=clean(str(body.get("text") or body.get("value") or "")),
            view=OpenView.read(body["view"]) if isinstance(body.get("view"), dict) else None,
            action=Action.read(actions[0]) if actions else None,
            arrived=time.monotonic(),
            _ack=ack,
            message=body.get("message") if body.get("type") == "message_action" else None,
        )

    @property
    def operator(self) -> Operator:
        """Who acts, as proven for this turn."""
        assert self._operator is not None, "read before authorisation"
        return self._operator

    @operator.setter
    def operator(self, operator: Operator) -> None:
        self._operator = operator

    @property
    def modal(self) -> OpenView:
        """The view of this turn; only for listeners that are reached through one."""
        assert self.view is not None, "this turn has no view"
        return self.view

    @property
    def place(self) -> str:
        """Where the person is in a list, "" where this turn has no list beneath it."""
        return "" if self.view is None else self.view.place

    @property
    def value(self) -> str:
        """The value of what was clicked, picked or typed."""
        assert self.action is not None, "this turn has no action"
        return self.action.value

    @property
    def several(self) -> bool:
        """Whether it has to be said on which account something is."""
        return len(self.services.settings.accounts) > 1

    @property
    def acked(self) -> bool:
        return self._ack.response is not None

    async def ack(self, **answer: Any) -> None:
        """Answer Slack: nothing, `text`, `options`, or `response_action` with `errors` or `view`."""
        if isinstance(answer.get("view"), View):
            answer["view"] = self._on_trail(answer["view"])
        _ = await self._ack(**answer)
        self._answered_at = time.monotonic()

    async def open(self, view: View) -> None:
        """Open a modal, on top of the one that is open. From then on it is this turn's view."""
        view = self._on_trail(view)
        if self.view is not None and self.view.type == "modal":
            answer = await self.client.views_push(trigger_id=self.trigger_id, view=view)
        else:
            answer = await self.client.views_open(trigger_id=self.trigger_id, view=view)
        self.view = OpenView.read(answer["view"])

    async def show(self, view: View | dict[str, Any], *, hash: str | None = None) -> bool:  # noqa: A002 - Slack's word
        """Replace what the modal shows. False if it is closed, or `hash` is given and not the current one any more."""
        if self.kind is Kind.SUBMISSION and self._answered_at is not None:
            await asyncio.sleep(max(0.0, self._answered_at + GAP - time.monotonic()))
        view = self._on_trail(view) if isinstance(view, View) else view
        tries = iter(AGAIN)
        while True:
            try:
                answer = await self.client.views_update(view_id=self.modal.id, view=view, hash=hash)
            except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
                if isinstance(error, SlackApiError) and error_code(error) in VIEW_CLOSED:
                    return False
                wait = next(tries, None)
                if wait is None or not passing(error):
                    raise
                # What a view shows may be there nowhere else, a new password above all, and sending it twice is harmless.
                await asyncio.sleep(wait)
            else:
                self.view = OpenView.read(answer["view"])
                return True

    def _on_trail(self, view: View) -> View:
        return view if self.view is None else on_trail(view, self.view.trail)

    async def carry_out(
        self,
        work: Coroutine[Any, Any, View],
        *,
        working: View,
        lost: str,
        insist: bool = False,
        twice: bool = False,
    ) -> None:
        """Do the work of a submission and show the view it returns.

        Quick work is the answer itself, so that its errors can be shown at the field that they name. Otherwise `working`
        is shown until it is done. `lost` is told to a person who has closed the window meanwhile. `insist`: the view
        holds what can't be shown again later, so send it a second way, in case the answer gets lost on the socket.
        `twice`: the same, but only if the form is still shown, since the view goes on changing.
        """
        form = self.modal.hash
        task = asyncio.create_task(work)
        try:
            await asyncio.wait({task}, timeout=max(0.0, self.arrived + PATIENCE - time.monotonic()))
            if task.done():
                await self.ack(response_action="update", view=task.result())
                if insist or twice:
                    await self.show(task.result(), hash=form if twice else None)
                return
            await self.ack(response_action="update", view=working)
            result = await task
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not await self.show(result):
            await self.tell(lost)

    async def tell(self, text: str, *, blocks: Sequence[Block] | None = None) -> None:
        """Tell only this person: in the channel where they are, else by direct message. `text` is mrkdwn, escaped."""
        if self.kind is Kind.COMMAND and not self.acked:
            await self.ack(text=text, blocks=blocks, response_type="ephemeral")
            return
        if self.channel_id is not None:
            try:
                await self.client.chat_postEphemeral(
                    channel=self.channel_id, user=self.slack_id, text=text, blocks=blocks
                )
            except SlackApiError as error:
                if error_code(error) not in NO_EPHEMERAL:
                    raise
            else:
                return
        await self.client.chat_postMessage(
            channel=self.slack_id, text=text, blocks=blocks, unfurl_links=False, unfurl_media=False
        )


Run = Callable[[Turn], Awaitable[None]]


def passing(error: BaseException) -> bool:
    """Whether the same call may succeed in a moment: Slack was not reached, failed, or asked us to slow down."""
    if isinstance(error, SlackApiError):
        status: int = error.response.status_code
        return status == 429 or status >= 500
    return unreachable(error)


def unreachable(error: BaseException) -> bool:
    """Whether Slack itself could not be reached."""
    return isinstance(error, (aiohttp.ClientError, TimeoutError))
