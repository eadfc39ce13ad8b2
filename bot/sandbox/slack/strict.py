"""Refuses the Block Kit that Slack refuses.

slackblocks' constructors know the limits and the surfaces; their parameters are named like Slack's keys. So the JSON is
taken apart into constructors, and what comes back out of them is compared with what went in, which finds misspelt keys.
What slackblocks leaves open is checked here and in leftovers.py (docs.slack.dev, reference/block-kit and
reference/views).
"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import slackblocks as sb
from slackblocks import blocks as sb_blocks
from slackblocks import elements as sb_elements
from slackblocks import objects as sb_objects
from slackblocks.errors import InvalidUsageError

from bot.sandbox.slack.leftovers import malformed, more_problems, options_in

Json = dict[str, Any]

_ELEMENTS: dict[str, Any] = {
    "button": sb_elements.Button,
    "checkboxes": sb_elements.CheckboxGroup,
    "datepicker": sb_elements.DatePicker,
    "email_text_input": sb_elements.EmailInput,
    "external_select": sb_elements.ExternalSelectMenu,
    "file_input": sb_elements.FileInput,
    "image": sb_elements.Image,
    "multi_external_select": sb_elements.ExternalMultiSelectMenu,
    "multi_static_select": sb_elements.StaticMultiSelectMenu,
    "number_input": sb_elements.NumberInput,
    "overflow": sb_elements.OverflowMenu,
    "plain_text_input": sb_elements.PlainTextInput,
    "radio_buttons": sb_elements.RadioButtonGroup,
    "static_select": sb_elements.StaticSelectMenu,
    "timepicker": sb_elements.TimePicker,
    "url_text_input": sb_elements.URLInput,
    "users_select": sb_elements.UserSelectMenu,
}
_BLOCKS: dict[str, Any] = {
    "actions": sb_blocks.ActionsBlock,
    "alert": sb_blocks.AlertBlock,
    "context": sb_blocks.ContextBlock,
    "divider": sb_blocks.DividerBlock,
    "header": sb_blocks.HeaderBlock,
    "image": sb_blocks.ImageBlock,
    "input": sb_blocks.InputBlock,
    "markdown": sb_blocks.MarkdownBlock,
    "rich_text": sb_blocks.RichTextBlock,
    "section": sb_blocks.SectionBlock,
    "table": sb_blocks.TableBlock,
}
_VIEW_KEYS = frozenset(
    [
        "type",
        "title",
        "blocks",
        "close",
        "submit",
        "private_metadata",
        "callback_id",
        "clear_on_close",
        "notify_on_close",
        "external_id",
    ]
)
_BAD = (InvalidUsageError, KeyError, TypeError, AttributeError, ValueError)
VIEW_BYTES = 250_000
MESSAGE_CHARACTERS = 13_000
"""All texts of a message's blocks together: undocumented, near 13,200 in practice (slackapi/bolt-js issue 2509)."""


def message_problems(blocks: Any) -> list[str]:
    """What Slack would refuse in a message's blocks; empty if nothing."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        return ["blocks must be a list of objects"]
    built, problems = _build(blocks)
    if not problems and blocks:
        problems += _raised(lambda: sb.Message(channel="C1", text="x", blocks=built))
        problems += more_problems(blocks)
    if len(blocks) > 50:
        problems.append("no more than 50 items allowed [json-pointer:/blocks]")
    if sum(block.get("type") == "table" for block in blocks) > 1:
        problems.append("only_one_table_allowed")
    if any(block.get("type") == "alert" for block in blocks):
        problems.append("unsupported type: alert in a message")
    if sum(map(len, _texts(blocks))) > MESSAGE_CHARACTERS:
        problems.append("msg_blocks_too_long")
    return problems


def view_problems(view: Any) -> list[str]:
    """What Slack would refuse in a modal or a home; empty if nothing."""
    if wrong := malformed(view):
        return wrong
    kind, blocks = view.get("type"), view["blocks"]
    built, problems = _build(blocks)
    problems += [f"unknown field: {key} [json-pointer:/view]" for key in view if key not in _VIEW_KEYS]
    problems += [
        f"unsupported type: {b['type']} in a view" for b in blocks if b.get("type") in {"table", "markdown"}
    ]
    if kind == "modal":
        if not view.get("title"):
            problems.append("missing required field: title [json-pointer:/view]")
        if any(block.get("type") == "input" for block in blocks) and not view.get("submit"):
            problems.append("missing required field: submit, as there is an input block [json-pointer:/view]")
    elif kind != "home":
        problems.append(f"unsupported type: {kind} [json-pointer:/view/type]")
    else:
        problems += _too_much_for_a_home(blocks)
    if not 1 <= len(blocks) <= 100:
        problems.append("a view has 1 to 100 blocks [json-pointer:/view/blocks]")
    if len(json.dumps(view).encode()) > VIEW_BYTES:
        problems.append("view_too_large")
    if not problems:
        problems += _raised(lambda: _view(view, built))
        problems += more_problems(blocks)
    return problems


def options_problems(answer: Json) -> list[str]:
    """What Slack would refuse in the answer to a block_suggestion."""
    found = options_in(answer)
    if found is None:
        return ["options and option_groups must be lists of objects"]
    options, groups = found
    if groups is not None:
        if len(groups) > 100 or any(not group.get("options") for group in groups):
            return ["1 to 100 groups of 1 to 100 options"]
        problems = [p for group in groups for p in _raised(partial(sb_objects.OptionGroup.from_dict, group))]
    else:
        problems = []
    if len(options) > 100:
        problems.append("no more than 100 options")
    return problems + [p for option in options for p in _raised(partial(sb_objects.Option.from_dict, option))]


def _too_much_for_a_home(blocks: list[Json]) -> list[str]:
    problems = []
    if any(block.get("type") == "alert" for block in blocks):
        problems.append("unsupported type: alert in a home")
    if any((block.get("element") or {}).get("type") == "file_input" for block in blocks):
        problems.append("unsupported type: file_input in a home")
    return problems


def _view(view: Json, built: list[Any]) -> Any:
    names: Json = {key: view.get(key) for key in ("private_metadata", "callback_id", "external_id")}
    if view["type"] == "home":
        return sb.HomeTabView(blocks=built, **names)
    labels: Json = {key: view[key]["text"] if view.get(key) else None for key in ("title", "submit", "close")}
    return sb.ModalView(blocks=built, **labels, **names)


def _build(blocks: list[Json]) -> tuple[list[Any], list[str]]:
    built: list[Any] = []
    problems: list[str] = []
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        where = f"[json-pointer:/blocks/{number}]"
        try:
            if block.get("type") in {"actions", "context"} and not block.get("elements"):
                raise InvalidUsageError("no fewer than 1 item allowed in elements")
            if block.get("type") not in _BLOCKS:
                raise InvalidUsageError(f"unsupported type: {block.get('type')}")
            made = _construct(_BLOCKS[block["type"]], block)
        except _BAD as error:
            problems.append(f"{error} {where}")
            continue
        built.append(made)
        returned = made.to_dict() if hasattr(made, "to_dict") else made._resolve()  # noqa: SLF001 - older blocks of slackblocks have no other
        problems += [f"{difference} {where}" for difference in _differences(block, returned, "")]
        actions = [
            e["action_id"] for e in block.get("elements", []) if isinstance(e, dict) and "action_id" in e
        ]
        if len(actions) != len(set(actions)):
            problems.append(f"action_id already exists {where}")
        if (block_id := block.get("block_id")) is not None:
            if block_id in seen:
                problems.append(f"block_id already exists: {block_id} {where}")
            seen.add(block_id)
    return built, problems


def _construct(maker: Any, value: Json) -> Any:
    return maker(**{key: _convert(part, key) for key, part in value.items() if key != "type"})


def _convert(value: Any, key: str) -> Any:  # noqa: C901, PLR0912 - one case for each kind of object Slack has
    if isinstance(value, list):
        return [_convert(part, key) for part in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("type")
    match kind:
        case "plain_text" | "mrkdwn":
            return sb.Text.from_dict(value)
        case "raw_text":
            if not value["text"]:
                raise InvalidUsageError("a cell must have at least 1 character")
            return sb.RawText(text=value["text"])
        case "raw_number":
            return sb.RawNumber(value=value["value"], text=value["text"])
        case "rich_text" if key == "rows":
            (section,) = value["elements"]  # slackblocks' cells are the section, which it wraps itself
            return _convert(section, key)
        case "rich_text_section":
            return sb.RichTextSection(elements=_convert(value["elements"], "elements"))
        case "rich_text_preformatted":
            return _construct(sb.RichTextCodeBlock, value)
        case "rich_text_quote":
            return _construct(sb.RichTextQuote, value)
        case "rich_text_list":
            return _construct(sb.RichTextList, value)
        case "text":
            style = value.get("style") or {}
            return sb.RichText(value["text"], **{name: style[name] for name in style})
        case "emoji":
            return sb.RichTextEmoji(value["name"])
        case "link":
            return sb.RichTextLink(value["url"], text=value.get("text"))
        case "user":
            return sb.RichTextUser(value["user_id"])
        case _:
            pass
    match key:
        case "options" | "initial_options" | "initial_option":
            return sb_objects.Option.from_dict(value)
        case "option_groups":
            return sb_objects.OptionGroup.from_dict(value)
        case "slack_file" if value.get("id") or value.get("url"):
            return sb_objects.SlackFile.from_dict(value)
        case "confirm" if "title" in value:
            return sb_objects.ConfirmationDialogue.from_dict(value)
        case "column_settings":
            return sb.ColumnSettings(**value)
        case "dispatch_action_config":
            return sb_objects.DispatchActionConfiguration.from_dict(value)
        case _:
            pass
    if kind in _ELEMENTS and key in {"elements", "element", "accessory"}:
        if kind == "button" and value.get("style") not in {None, "primary", "danger"}:
            raise InvalidUsageError(f"invalid style {value['style']!r}")
        if kind in {"static_select", "multi_static_select"} and not (
            value.get("options") or value.get("option_groups")
        ):
            raise InvalidUsageError("must provide options: no fewer than 1")
        if kind == "static_select" and value.get("option_groups") and value.get("initial_option"):
            # slackblocks wants a whole group as the initial option; Slack wants one option of a group.
            made = _construct(_ELEMENTS[kind], {**value, "initial_option": None})
            made.initial_option = _convert(value["initial_option"], "initial_option")
            return made
        return _construct(_ELEMENTS[kind], value)
    raise InvalidUsageError(f"unsupported {kind or sorted(value)} in {key}")


def _differences(sent: Any, returned: Any, path: str) -> Iterator[str]:
    if isinstance(sent, dict) and isinstance(returned, dict):
        for key, part in sent.items():
            if key in returned:
                yield from _differences(part, returned[key], f"{path}/{key}")
            elif part not in (None, False, [], "", {}):
                yield f"unknown field {path}/{key}"
    elif path.endswith("/trigger_actions_on"):
        if set(sent) != set(returned):
            yield f"{path} is not what Slack would keep"
    elif isinstance(sent, list) and isinstance(returned, list) and len(sent) == len(returned):
        for number, (one, other) in enumerate(zip(sent, returned, strict=True)):
            yield from _differences(one, other, f"{path}/{number}")
    elif sent != returned and str(sent) != str(returned):
        yield f"{path} is not what Slack would keep"


def _raised(make: Callable[[], Any]) -> list[str]:
    try:
        make()
    except _BAD as error:
        return [str(error)]
    return []


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
