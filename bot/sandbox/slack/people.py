"""What a person can do: type, click, choose, submit. Used by the page, by scripts and by tests alike."""

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from bot.sandbox.slack import elements, payloads, strict
from bot.sandbox.slack.errors import ApiError, PersonError
from bot.sandbox.slack.files import Files
from bot.sandbox.slack.methods.views import checked
from bot.sandbox.slack.shortcuts import TROUBLE, Shortcut, Shortcuts
from bot.sandbox.slack.socket_mode import SocketMode
from bot.sandbox.slack.workspace import SLACKBOT, Channel, Message, Person, View, Workspace

_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command as the app's manifest declares it."""

    command: str
    description: str
    usage_hint: str = ""
    should_escape: bool = False
    """Whether people, addresses and host names in its text come as Slack writes them in messages."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """What came of sending a form. `errors`: block_id → sentence, from the app or from Slack's own client."""

    response_action: Literal["errors", "update", "push", "clear"] | None
    errors: dict[str, str] | None = None


class People:
    """All acts go through here; `commands` and `shortcuts` are those of the app's manifest."""

    def __init__(
        self,
        slack: Workspace,
        socket: SocketMode,
        commands: Sequence[Command],
        shortcuts: Sequence[Shortcut] = (),
    ) -> None:
        self.slack = slack
        self.shortcuts = Shortcuts(slack, socket, shortcuts)
        self.commands = {command.command: command for command in commands}
        self._socket = socket
        self._typing: dict[str, asyncio.Lock] = {}

    async def command(self, person: Person, channel: Channel, command: str, text: str) -> None:
        """Send a slash command and wait for its ack. Raises PersonError with what Slack would show."""
        if command not in self.commands:
            raise PersonError(
                f"{command} is not a valid command. In Slack, all messages that start with / are commands."
            )
        self._must_be_in(person, channel)
        if self.commands[command].should_escape:
            text = " ".join(map(self._escaped, text.split()))
        payload = payloads.slash_command(self.slack, person, channel, command, text)
        try:
            answer = await self._socket.deliver("slash_commands", payload)
        except TimeoutError:
            text = f"{command} failed with the error “operation_timeout”"
            self.slack.post(channel, user=SLACKBOT, text=text, ephemeral_for=person.id)
            raise PersonError(text) from None
        if answer.get("text") or answer.get("blocks"):
            blocks = answer.get("blocks") or []
            _refuse(strict.message_problems(blocks) or self.slack.files.problems(blocks))
            self.slack.post(
                channel,
                user="U0BOT",
                text=answer.get("text", ""),
                blocks=blocks,
                ephemeral_for=None if answer.get("response_type") == "in_channel" else person.id,
            )

    def _escaped(self, word: str) -> str:
        """As `should_escape` has it (docs.slack.dev, interactivity/implementing-slash-commands)."""
        name = word.removeprefix("@")
        known = [one for one in self.slack.people.values() if name in {one.name, one.id}]
        if known and word.startswith("@"):
            return f"<@{known[0].id}|{known[0].name}>"
        if word.startswith("<"):
            return word
        if "@" in name and "." in name.rpartition("@")[2]:
            return f"<mailto:{word}|{word}>"
        return f"<http://{word}|{word}>" if _HOST.fullmatch(word) else word

    def say(self, person: Person, channel: Channel, text: str) -> Message:
        """A plain message; Slack itself escapes what people write."""
        self._must_be_in(person, channel)
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return self.slack.post(channel, user=person.id, text=escaped)

    def remove(self, person: Person, channel: Channel, ts: str) -> None:
        """Delete a message, whoever wrote it: here everybody is what Slack calls a workspace admin."""
        self._must_be_in(person, channel)
        if _message(channel, ts).ephemeral_for is not None:
            raise PersonError("that message is visible to one person only, and goes by itself")
        self.slack.remove(channel.id, ts)

    async def open_home(self, person: Person) -> None:
        await self._deliver("events_api", payloads.app_home_opened(self.slack, person), answerable=False)

    async def click_in_message(
        self, person: Person, channel: Channel, ts: str, block_id: str, action_id: str, value: Any = None
    ) -> None:
        """Press a button or choose in a menu of a message; a confirm dialog counts as confirmed."""
        self._must_be_in(person, channel)
        message = _message(channel, ts)
        if message.ephemeral_for not in {None, person.id}:
            raise PersonError("that message is visible to somebody else only")
        block, element = elements.find(message.blocks, block_id, action_id)
        state = None
        if element["type"] in elements.STATEFUL:
            state = elements.state_for(element, value, [])
            message.clicked[block_id, action_id] = state
        action = elements.action_for(block, element, state=state, value=value, ts=self.slack.next_ts())
        payload = payloads.block_actions(self.slack, person, action, view=None, at=(channel, message))
        await self._deliver("interactive", payload)

    async def click(
        self, person: Person, view_id: str, block_id: str, action_id: str, value: Any = None
    ) -> None:
        """Press a button, or choose in an element outside of inputs, in a view."""
        view = self.view(person, view_id)
        block, element = elements.find(view.blocks, block_id, action_id)
        if block["type"] == "input":
            raise PersonError("that is an input: give it a value")
        state = None
        if element["type"] in elements.STATEFUL:
            state = self._set(view, element, block_id, value)
        await self._act(person, view, block, element, state, value)

    async def fill(
        self, person: Person, view_id: str, block_id: str, action_id: str, value: Any, *, enter: bool = False
    ) -> None:
        """Give an input a value, and press Enter; the app hears of it where the input dispatches its actions."""
        async with self._typing.setdefault(view_id, asyncio.Lock()):
            view = self.view(person, view_id)
            block, element = elements.find(view.blocks, block_id, action_id)
            if block["type"] != "input":
                raise PersonError("that is not an input: click it")
            state = self._set(view, element, block_id, value)
            self.slack.touch()
            typed = element["type"] in elements.TEXTUAL
            on = element.get("dispatch_action_config", {}).get("trigger_actions_on", ["on_enter_pressed"])
            heard = not typed or "on_character_entered" in on or (enter and "on_enter_pressed" in on)
            if block.get("dispatch_action") and heard:
                await self._act(person, view, block, element, state, value)

    async def options(
        self, person: Person, view_id: str, block_id: str, action_id: str, query: str
    ) -> list[dict[str, Any]]:
        """The options the app offers for what was typed into a select with live search."""
        view = self.view(person, view_id)
        _, element = elements.find(view.blocks, block_id, action_id)
        if len(query) < element.get("min_query_length", 3):
            return []
        payload = payloads.block_suggestion(person, view, block_id, action_id, query)
        answer = await self._deliver("interactive", payload)
        _refuse(strict.options_problems(answer))
        offered = list(answer.get("options") or [])
        offered += [option for group in answer.get("option_groups") or [] for option in group["options"]]
        view.offered.setdefault((block_id, action_id), []).extend(offered)
        return offered

    async def submit(self, person: Person, view_id: str) -> Submitted:
        """Send the form. Raises PersonError(TROUBLE) if no usable ack comes; the form then stays as it is."""
        view = self.view(person, view_id)
        if not view.content.get("submit"):
            raise PersonError("this window has nothing to submit")
        view.errors = self._client_errors(view)
        if view.errors:
            self.slack.touch()
            return Submitted("errors", view.errors)
        answer = await self._deliver("interactive", payloads.view_submission(self.slack, person, view))
        return self._apply(view, answer)

    async def close(self, person: Person, view_id: str) -> None:
        view = self.view(person, view_id)
        self.slack.close_view(view)
        if view.content.get("notify_on_close"):
            # The window is closed whatever the app makes of it.
            with suppress(PersonError):
                await self._deliver("interactive", payloads.view_closed(person, view, is_cleared=False))

    def view(self, person: Person, view_id: str) -> View:
        """The person's own modal or home of that id."""
        home = self.slack.homes.get(person.id)
        if home is not None and home.id == view_id:
            return home
        stack = self.slack.stacks[person.id]
        if not stack or all(view.id != view_id for view in stack):
            raise PersonError("that window is not open")
        if stack[-1].id != view_id:
            raise PersonError("another window is on top of that one")
        return stack[-1]

    def _set(self, view: View, element: dict[str, Any], block_id: str, value: Any) -> elements.State:
        key = (block_id, element["action_id"])
        offered = view.offered.get(key, [])
        if element["type"] == elements.FILES:
            offered = self.slack.files.given_by(view.user)
        state = elements.state_for(element, value, offered)
        view.touched[key] = state
        return state

    async def _act(
        self,
        person: Person,
        view: View,
        block: elements.Block,
        element: elements.Element,
        state: elements.State | None,
        value: Any,
    ) -> None:
        action = elements.action_for(block, element, state=state, value=value, ts=self.slack.next_ts())
        await self._deliver(
            "interactive", payloads.block_actions(self.slack, person, action, view=view, at=None)
        )

    def _client_errors(self, view: View) -> dict[str, str]:
        values = view.state()
        errors = {}
        for block in view.blocks:
            if block["type"] == "input":
                problem = elements.client_error(
                    block, values[block["block_id"]][block["element"]["action_id"]]
                )
                if problem is not None:
                    errors[block["block_id"]] = problem
        return errors

    def _apply(self, view: View, answer: dict[str, Any]) -> Submitted:
        action = answer.get("response_action")
        if view not in self.slack.stacks[view.user]:
            return Submitted(action)  # the person has closed it meanwhile
        match action:
            case "errors":
                inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
                if not answer.get("errors") or not set(answer["errors"]) <= inputs:
                    raise PersonError(TROUBLE)
                view.errors = dict(answer["errors"])
                self.slack.touch()
                return Submitted("errors", view.errors)
            case "update":
                self.slack.update_view(view, _checked(answer, self.slack.files))
            case "push":
                self.slack.open_view(view.user, _checked(answer, self.slack.files))
            case "clear":
                self.slack.stacks[view.user].clear()
                self.slack.touch()
            case None:
                self.slack.close_view(view)
            case _:
                raise PersonError(TROUBLE)
        return Submitted(action)

    async def _deliver(
        self, kind: str, payload: dict[str, Any], *, answerable: bool = True
    ) -> dict[str, Any]:
        try:
            return await self._socket.deliver(kind, payload, answerable=answerable)
        except TimeoutError:
            raise PersonError(TROUBLE) from None

    def _must_be_in(self, person: Person, channel: Channel) -> None:
        if person.id not in channel.members:
            raise PersonError(f"{person.name} is not in #{channel.name}")


def _message(channel: Channel, ts: str) -> Message:
    try:
        return channel.message(ts)
    except ApiError:
        raise PersonError("that message is not there any more") from None


def _checked(answer: dict[str, Any], files: Files) -> dict[str, Any]:
    try:
        return checked(answer.get("view"), files)
    except ApiError as error:
        raise PersonError(f"{TROUBLE} ({error.code}: {error.extra})") from None


def _refuse(problems: list[str]) -> None:
    if problems:
        raise PersonError(f"{TROUBLE} ({'; '.join(problems)})")
