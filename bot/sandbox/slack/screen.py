"""One person at their screen: the verbs of people.py with the looking and waiting that scripts need."""

from collections.abc import Callable, Iterator
from typing import Any

from bot.sandbox.slack import elements
from bot.sandbox.slack.errors import PersonError
from bot.sandbox.slack.people import People, Submitted
from bot.sandbox.slack.workspace import Channel, Message, View


class Screen:
    """`name` is a person's id or name. Everything waits for what must come, and for no longer than that."""

    def __init__(self, people: People, name: str) -> None:
        self._people = people
        self._slack = people.slack
        self.person = people.slack.person(name)

    async def command(self, command: str, text: str = "", *, channel: str = "mail-ops") -> None:
        await self._people.command(self.person, self._slack.channel(channel), command, text)

    async def view(
        self, until: Callable[["View"], bool] = lambda _view: True, *, within: float = 10.0
    ) -> View:
        """The topmost window, as soon as there is one and `until` holds for it."""

        def there() -> bool:
            return bool(stack) and until(stack[-1])

        stack = self._slack.stacks[self.person.id]
        try:
            await self._slack.wait_for(there, within=within)
        except TimeoutError:
            shown = text_of(stack[-1].content) if stack else "no window"
            raise AssertionError(f"{self.person.name} sees this instead:\n{shown}") from None
        return stack[-1]

    async def sees(self, *texts: str, within: float = 10.0) -> View:
        """The topmost window, as soon as it shows all of `texts`."""
        return await self.view(
            lambda view: all(text in text_of(view.content) or text in str(view.errors) for text in texts),
            within=within,
        )

    async def shortcut(self, name: str) -> None:
        """Take a shortcut that is at hand everywhere."""
        await self._people.shortcuts.use(self.person, name)

    async def shortcut_on(self, message: Message, name: str, *, channel: str = "mail-ops") -> None:
        """Take a shortcut from a message's menu."""
        await self._people.shortcuts.use_on(self.person, name, self._slack.channel(channel), message.ts)

    async def give(self, block_id: str, name: str, content: bytes) -> None:
        """Pick a file of one's own in the topmost window."""
        file = self._slack.files.give(self.person.id, name, content)
        await self.fill(block_id, [file.id])

    @property
    def windows(self) -> list[View]:
        return self._slack.stacks[self.person.id]

    async def fill(
        self, block_id: str, value: Any, *, action_id: str | None = None, enter: bool = False
    ) -> None:
        view = self._top()
        await self._people.fill(
            self.person, view.id, block_id, action_id or _only(view.blocks, block_id), value, enter=enter
        )

    async def choose(self, block_id: str, query: str, *, action_id: str | None = None) -> None:
        """Search in a select with live search and take the first option; a multi-select keeps what was chosen before."""
        view = self._top()
        action_id = action_id or _only(view.blocks, block_id)
        offered = await self._people.options(self.person, view.id, block_id, action_id, query)
        if not offered:
            raise PersonError(f"nothing is offered for {query!r}")
        block, element = elements.find(view.blocks, block_id, action_id)
        act = self._people.fill if block["type"] == "input" else self._people.click
        value: Any = offered[0]["value"]
        if element["type"] in elements.MULTIPLE:
            chosen = view.state().get(block_id, {}).get(action_id, {}).get("selected_options") or []
            value = [*(option["value"] for option in chosen), value]
        await act(self.person, view.id, block_id, action_id, value)

    async def options(self, block_id: str, query: str, *, action_id: str | None = None) -> list[str]:
        """The texts offered for a query."""
        view = self._top()
        action_id = action_id or _only(view.blocks, block_id)
        offered = await self._people.options(self.person, view.id, block_id, action_id, query)
        return [option["text"]["text"] for option in offered]

    async def pick(self, block_id: str, value: Any, *, action_id: str | None = None) -> None:
        """Choose in an element outside of an input: radio buttons, a select, an overflow menu."""
        view = self._top()
        await self._people.click(
            self.person, view.id, block_id, action_id or _only(view.blocks, block_id), value
        )

    async def press(self, label: str, *, nth: int = 0) -> None:
        """Press the button with that label in the topmost window."""
        view = self._top()
        block_id, action_id = _button(view.blocks, label, nth)
        await self._people.click(self.person, view.id, block_id, action_id)

    async def press_home(self, label: str, *, nth: int = 0) -> None:
        home = self._slack.homes[self.person.id]
        block_id, action_id = _button(home.blocks, label, nth)
        await self._people.click(self.person, home.id, block_id, action_id)

    async def fill_home(self, block_id: str, value: Any, *, enter: bool = False) -> None:
        home = self._slack.homes[self.person.id]
        action_id = _only(home.blocks, block_id)
        await self._people.fill(self.person, home.id, block_id, action_id, value, enter=enter)

    async def sees_home(self, *texts: str) -> View:
        """The Home tab, as it was opened before, as soon as it shows all of `texts`."""
        homes = self._slack.homes
        try:
            await self._slack.wait_for(
                lambda: (
                    self.person.id in homes
                    and all(t in text_of(homes[self.person.id].content) for t in texts)
                )
            )
        except TimeoutError:
            shown = text_of(homes[self.person.id].content) if self.person.id in homes else "no Home tab"
            raise AssertionError(f"{self.person.name} sees this instead:\n{shown}") from None
        return homes[self.person.id]

    async def press_in(self, message: Message, label: str, *, channel: str = "mail-ops") -> None:
        block_id, action_id = _button(message.blocks, label, 0)
        where = self._slack.channel(channel)
        await self._people.click_in_message(self.person, where, message.ts, block_id, action_id)

    async def pick_in(self, message: Message, value: str, *, channel: str = "mail-ops") -> None:
        """Choose in an overflow menu of a message."""
        where = self._slack.channel(channel)
        for block, element in elements.interactive(message.blocks):
            values = [option["value"] for option in element.get("options", [])]
            if element["type"] == "overflow" and value in values:
                await self._people.click_in_message(
                    self.person, where, message.ts, block["block_id"], element["action_id"], value
                )
                return
        raise PersonError(f"no menu offers {value!r}")

    def remove(self, ts: str, *, channel: str = "mail-ops") -> None:
        """Delete a message; the app hears of it in its own time."""
        self._people.remove(self.person, self._slack.channel(channel), ts)

    async def submit(self) -> Submitted:
        return await self._people.submit(self.person, self._top().id)

    async def close(self) -> None:
        await self._people.close(self.person, self._top().id)

    async def home(self, *texts: str) -> View:
        """Open the App Home, and wait until it shows `texts`."""
        await self._people.open_home(self.person)
        return await self.sees_home(*texts)

    async def message(self, *texts: str, channel: str = "mail-ops", within: float = 10.0) -> Message:
        """The newest message visible to this person that shows all of `texts`, as soon as there is one."""
        where = self._slack.channel(channel)
        try:
            await self._slack.wait_for(lambda: self._find(where, texts) is not None, within=within)
        except TimeoutError:
            shown = "\n---\n".join(readable(message) for message in self._visible(where))
            raise AssertionError(f"{self.person.name} sees these messages instead:\n{shown}") from None
        found = self._find(where, texts)
        assert found is not None
        return found

    async def told(self, *texts: str, channel: str = "mail-ops") -> Message:
        """The newest message for this person's eyes only that shows all of `texts`."""
        where = self._slack.channel(channel)
        await self._slack.wait_for(lambda: self._find(where, texts, private=True) is not None)
        found = self._find(where, texts, private=True)
        assert found is not None
        return found

    def _find(self, channel: Channel, texts: tuple[str, ...], *, private: bool = False) -> Message | None:
        for message in reversed(list(self._visible(channel))):
            if (not private or message.ephemeral_for) and all(text in readable(message) for text in texts):
                return message
        return None

    def _visible(self, channel: Channel) -> Iterator[Message]:
        return (m for m in channel.messages if m.ephemeral_for in {None, self.person.id})

    def _top(self) -> View:
        if not self.windows:
            raise PersonError(f"{self.person.name} has no window open")
        return self.windows[-1]


def readable(message: Message) -> str:
    """All that a message says, the notification text and the blocks."""
    return f"{message.text}\n{text_of(message.blocks)}"


def text_of(value: Any) -> str:
    """Everything readable in blocks or a view, a line for each piece; spaces where lines must not break are spaces."""
    return "\n".join(_texts(value)).replace("\N{NO-BREAK SPACE}", " ")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            if key in {"text", "initial_value", "alt_text", "user_id"} and isinstance(part, str):
                yield part
            elif key != "private_metadata":
                yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def _only(blocks: list[dict[str, Any]], block_id: str) -> str:
    ids = [e["action_id"] for b, e in elements.interactive(blocks) if b["block_id"] == block_id]
    if len(ids) != 1:
        raise PersonError(f"block {block_id!r} holds {len(ids)} elements: {ids}")
    return str(ids[0])


def _button(blocks: list[dict[str, Any]], label: str, nth: int) -> tuple[str, str]:
    every = [(b, e) for b, e in elements.interactive(blocks) if e["type"] == "button"]
    hits = [(b["block_id"], e["action_id"]) for b, e in every if e["text"]["text"] == label]
    if nth >= len(hits):
        labels = [e["text"]["text"] for _, e in every]
        raise PersonError(f"there is no button {label!r} (number {nth}); there are {labels}")
    return hits[nth]
