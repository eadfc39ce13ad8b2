"""What Slack refuses and slackblocks does not (docs.slack.dev, reference/block-kit and reference/views)."""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

TABLE_CHARACTERS = 10_000
"""All cells of a table together."""
INPUT_CHARACTERS = 3_000
_TYPED_INTO = frozenset({"plain_text_input", "email_text_input", "url_text_input", "number_input"})
_ONLY_IN_INPUTS = _TYPED_INTO | {"file_input"}
_TEXTS = ("title", "submit", "close")
_STRINGS = ("private_metadata", "callback_id", "external_id")
_FLAGS = ("clear_on_close", "notify_on_close")


def malformed(view: Any) -> list[str]:
    """Fields of a view that are of another type than Slack's."""
    if not isinstance(view, dict) or not isinstance(view.get("blocks"), list):
        return ["missing required field: blocks [json-pointer:/view]"]
    if not all(isinstance(block, dict) for block in view["blocks"]):
        return ["must be an object [json-pointer:/view/blocks]"]
    given = {key: value for key, value in view.items() if value is not None}
    problems = [
        f"must be plain_text [json-pointer:/view/{key}]"
        for key in _TEXTS
        if key in given and not (isinstance(given[key], dict) and given[key].get("type") == "plain_text")
    ]
    problems += [
        f"must be a {kind.__name__} [json-pointer:/view/{key}]"
        for kind, keys in ((str, _STRINGS), (bool, _FLAGS))
        for key in keys
        if key in given and not isinstance(given[key], kind)
    ]
    return problems


def options_in(answer: Any) -> tuple[list[Json], list[Json] | None] | None:
    """The options and the groups in the answer to a block_suggestion; None if they are not lists of objects."""
    options, groups = answer.get("options", []), answer.get("option_groups")
    if not _objects(options) or not (groups is None or _objects(groups)):
        return None
    if groups is None:
        return options, None
    if not all(_objects(group.get("options", [])) for group in groups):
        return None
    return [option for group in groups for option in group.get("options", [])], groups


def more_problems(blocks: list[Json]) -> Iterator[str]:
    """For blocks that slackblocks has found no fault with."""
    focused = 0
    for number, block in enumerate(blocks):
        where = f"[json-pointer:/blocks/{number}]"
        if block["type"] == "table" and sum(map(_cell, _cells(block))) > TABLE_CHARACTERS:
            yield f"no more than {TABLE_CHARACTERS} characters in a table {where}"
        for element in _elements(block):
            kind = element["type"]
            if kind in _ONLY_IN_INPUTS and block["type"] != "input":
                yield f"unsupported type: {kind} outside of an input block {where}"
            if kind == "image" and not element.get("alt_text"):
                yield f"missing required field: alt_text {where}"
            if kind in _TYPED_INTO and len(str(element.get("initial_value") or "")) > INPUT_CHARACTERS:
                yield f"no more than {INPUT_CHARACTERS} characters in initial_value {where}"
            if not _initial_is_offered(element):
                yield f"initial_option is none of the options {where}"
            focused += bool(element.get("focus_on_load"))
    if focused > 1:
        yield "only one element can have focus_on_load"


def _elements(block: Json) -> Iterator[Json]:
    if block["type"] == "image":
        yield block
    yield from (block[key] for key in ("element", "accessory") if block.get(key))
    if block["type"] in {"actions", "context"}:
        yield from block["elements"]


def _initial_is_offered(element: Json) -> bool:
    groups = element.get("option_groups") or []
    offered = [*(element.get("options") or []), *(option for group in groups for option in group["options"])]
    if not offered:  # an external select asks the app for them
        return True
    chosen = [*(element.get("initial_options") or [])]
    if element.get("initial_option"):
        chosen.append(element["initial_option"])
    return all(option in offered for option in chosen)


def _cells(table: Json) -> Iterator[Any]:
    for row in table["rows"]:
        yield from row


def _cell(part: Any) -> int:
    if isinstance(part, dict):
        text = part.get("text")
        return len(text) if isinstance(text, str) else sum(map(_cell, part.values()))
    return sum(map(_cell, part)) if isinstance(part, list) else 0


def _objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)
