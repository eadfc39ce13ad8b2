"""Interactive elements: where they stand in blocks, what state they have, and the action that using one makes."""

from collections.abc import Iterator
from typing import Any

from bot.sandbox.slack.errors import PersonError

Block = dict[str, Any]
Element = dict[str, Any]
State = dict[str, Any]
Key = tuple[str, str]
"""(block_id, action_id)"""

TEXTUAL = frozenset({"plain_text_input", "email_text_input", "url_text_input", "number_input"})
SINGLE = frozenset({"static_select", "external_select", "radio_buttons"})
MULTIPLE = frozenset({"multi_static_select", "multi_external_select", "checkboxes"})
PLAIN = {"datepicker": "selected_date", "timepicker": "selected_time", "users_select": "selected_user"}
FILES = "file_input"
STATEFUL = TEXTUAL | SINGLE | MULTIPLE | frozenset(PLAIN) | {FILES}


def with_ids(blocks: list[Block]) -> list[Block]:
    """The blocks as Slack keeps them: each block and each interactive element has an id."""
    named = []
    for number, block in enumerate(blocks):
        copy: Block = {"block_id": f"b{number}"} | block
        for name in ("element", "accessory"):
            if isinstance(copy.get(name), dict):
                copy[name] = _with_action_id(copy[name], name)
        if copy.get("type") in {"actions", "context"}:
            copy["elements"] = [_with_action_id(e, f"e{i}") for i, e in enumerate(copy.get("elements", []))]
        named.append(copy)
    return named


def _with_action_id(element: Element, default: str) -> Element:
    interactive = element.get("type") in STATEFUL | {"button", "overflow"}
    return {"action_id": default} | element if interactive else element


def interactive(blocks: list[Block]) -> Iterator[tuple[Block, Element]]:
    """Every element that a person can use, with its block."""
    for block in blocks:
        match block.get("type"):
            case "input":
                yield block, block["element"]
            case "section" if "accessory" in block and "action_id" in block["accessory"]:
                yield block, block["accessory"]
            case "actions":
                yield from ((block, element) for element in block["elements"])
            case _:
                pass


def find(blocks: list[Block], block_id: str, action_id: str) -> tuple[Block, Element]:
    for block, element in interactive(blocks):
        if block["block_id"] == block_id and element["action_id"] == action_id:
            return block, element
    raise PersonError(f"there is no element {action_id!r} in block {block_id!r}")


def initial_state(element: Element) -> State:
    """The state of an element that nobody has touched."""
    kind = element["type"]
    if kind in TEXTUAL:
        return {"type": kind, "value": element.get("initial_value")}
    if kind in SINGLE:
        return {"type": kind, "selected_option": element.get("initial_option")}
    if kind in MULTIPLE:
        return {"type": kind, "selected_options": element.get("initial_options") or []}
    if kind == FILES:
        return {"type": kind, "files": []}
    field = PLAIN[kind]
    return {"type": kind, field: element.get(field.replace("selected", "initial"))}


def state_for(element: Element, value: Any, offered: list[dict[str, Any]]) -> State:
    """The state after a person chose or typed `value` (a string, a list for multi-selects and files, None to clear).

    `offered`: the options that the app has offered; for files, those that the person has given. Raises PersonError for what can not be typed or chosen there.
    """
    kind = element["type"]
    several = kind in MULTIPLE or kind == FILES
    if several and value is None:
        value = []
    one = isinstance(value, str) or value is None
    if not one and not (several and isinstance(value, list)):
        raise PersonError(f"a {kind} takes {'a list of strings' if several else 'a string'}")
    if kind in TEXTUAL:
        return {"type": kind, "value": value or None}
    if kind in SINGLE:
        return {"type": kind, "selected_option": None if value is None else _option(element, value, offered)}
    if kind in MULTIPLE:
        values = value if isinstance(value, list) else [value]
        return {"type": kind, "selected_options": [_option(element, one, offered) for one in values]}
    if kind in PLAIN:
        return {"type": kind, PLAIN[kind]: value}
    if kind == FILES:
        return {
            "type": kind,
            "files": _files(element, value if isinstance(value, list) else [value], offered),
        }
    raise PersonError(f"a {kind} takes no value")


def action_for(block: Block, element: Element, *, state: State | None, value: Any, ts: str) -> dict[str, Any]:
    """The entry of `actions` in a block_actions payload."""
    action: dict[str, Any] = {
        "type": element["type"],
        "block_id": block["block_id"],
        "action_id": element["action_id"],
        "action_ts": ts,
    }
    if state is not None:
        return action | {key: content for key, content in state.items() if key != "type"}
    if element["type"] == "overflow":
        return action | {"selected_option": _option(element, value, [])}
    if "value" in element:
        action["value"] = element["value"]
    return action | {"text": element["text"]}


def is_empty(state: State) -> bool:
    return not any(content for key, content in state.items() if key != "type")


def client_error(block: Block, state: State) -> str | None:
    """What Slack's own client says before it sends a form."""
    element = block["element"]
    if is_empty(state):
        return None if block.get("optional") else "Please complete this required field."
    if element["type"] not in TEXTUAL:
        return None
    text = str(state["value"])
    if len(text) < element.get("min_length", 0):
        return f"Please enter at least {element['min_length']} characters."
    if len(text) > element.get("max_length", 3000):
        return f"Please enter at most {element.get('max_length', 3000)} characters."
    if element["type"] == "email_text_input" and "@" not in text:
        return "Please enter a valid email address."
    return None


def _files(element: Element, ids: list[Any], given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    known = {file["id"]: file for file in given}
    if unknown := [id_ for id_ in ids if id_ not in known]:
        raise PersonError(f"there is no file {unknown[0]!r} of this person's")
    if len(ids) > element.get("max_files", 10):
        raise PersonError(f"at most {element.get('max_files', 10)} files can be given here")
    endings = element.get("filetypes")
    for id_ in ids:
        if endings and known[id_]["filetype"] not in endings:
            raise PersonError(f"only files of these types can be given here: {', '.join(endings)}")
    return [known[id_] for id_ in ids]


def _option(element: Element, value: Any, offered: list[dict[str, Any]]) -> dict[str, Any]:
    groups = [option for group in element.get("option_groups", []) for option in group["options"]]
    known = [*element.get("options", []), *groups, *offered]
    if isinstance(element.get("initial_option"), dict):
        known.append(element["initial_option"])
    known += element.get("initial_options") or []
    for option in known:
        if option.get("value") == value:
            return dict(option)
    raise PersonError(f"there is no option {value!r} to choose")
