"""The judge of Block Kit: what Slack takes and what it refuses, case by case."""

from typing import Any

import pytest

from bot.sandbox.slack.strict import message_problems, options_problems, view_problems

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def section(text: str = "hello", **more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(text), **more}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain("Go"), "action_id": "go"} | more


def option(text: str = "One", value: str = "1", **more: Any) -> Json:
    return {"text": plain(text), "value": value, **more}


def text_input(**more: Any) -> Json:
    element = {"type": "plain_text_input", "action_id": "a"} | more
    return {"type": "input", "block_id": "i", "label": plain("Name"), "element": element}


def select(**more: Any) -> Json:
    return {"type": "static_select", "action_id": "s", "placeholder": plain("Pick")} | more


def confirm(**more: Any) -> Json:
    return {
        "title": plain("Sure?"),
        "text": plain("Really."),
        "confirm": plain("Yes"),
        "deny": plain("No"),
    } | more


def modal(*blocks: Json, **more: Any) -> Json:
    return {"type": "modal", "title": plain("Title"), "blocks": list(blocks) or [section()]} | more


def table(*rows: list[str]) -> Json:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": cell} for cell in row] for row in rows]}


GOOD_MESSAGES: dict[str, list[Json]] = {
    "a section": [section()],
    "the longest section": [section("x" * 3000)],
    "fields": [{"type": "section", "fields": [mrkdwn("a"), plain("b")]}],
    "the longest header": [{"type": "header", "text": plain("x" * 150)}],
    "a divider and a context": [{"type": "divider"}, {"type": "context", "elements": [mrkdwn("small")]}],
    "25 buttons": [{"type": "actions", "elements": [button(action_id=f"b{n}") for n in range(25)]}],
    "a danger button with confirm": [
        {"type": "actions", "elements": [button(style="danger", confirm=confirm(style="danger"))]}
    ],
    "an overflow menu": [section(accessory={"type": "overflow", "action_id": "o", "options": [option()]})],
    "a table": [table(["Domain", "MX"], ["a.example", "ok"])],
    "50 blocks": [{"type": "divider"}] * 50,
    "preformatted rich text": [
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "x"}]}],
        }
    ],
    "a rich text with styles": [
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [{"type": "text", "text": "x", "style": {"bold": True}}],
                }
            ],
        }
    ],
}
BAD_MESSAGES: dict[str, list[Json]] = {
    "an empty section": [{"type": "section", "text": mrkdwn("")}],
    "a section without text": [{"type": "section"}],
    "a section that is too long": [section("x" * 3001)],
    "a field that is too long": [{"type": "section", "fields": [mrkdwn("x" * 2001)]}],
    "eleven fields": [{"type": "section", "fields": [mrkdwn("x")] * 11}],
    "a header that is too long": [{"type": "header", "text": plain("x" * 151)}],
    "a header in mrkdwn": [{"type": "header", "text": mrkdwn("x")}],
    "an unknown block": [{"type": "banner", "text": plain("x")}],
    "a misspelt key": [section(side=button())],
    "a misspelt key in an element": [{"type": "actions", "elements": [button(stile="danger")]}],
    "an unknown style": [{"type": "actions", "elements": [button(style="green")]}],
    "a button text that is too long": [{"type": "actions", "elements": [button(text=plain("x" * 76))]}],
    "a button value that is too long": [{"type": "actions", "elements": [button(value="x" * 2001)]}],
    "26 buttons": [{"type": "actions", "elements": [button(action_id=f"b{n}") for n in range(26)]}],
    "no elements": [{"type": "actions", "elements": []}],
    "an action_id twice": [{"type": "actions", "elements": [button(), button()]}],
    "a block_id twice": [section(block_id="x"), section(block_id="x")],
    "a block_id that is too long": [section(block_id="x" * 256)],
    "a confirm title that is too long": [
        {"type": "actions", "elements": [button(confirm=confirm(title=plain("x" * 101)))]}
    ],
    "a confirm text that is too long": [
        {"type": "actions", "elements": [button(confirm=confirm(text=plain("x" * 301)))]}
    ],
    "six overflow options": [
        section(
            accessory={
                "type": "overflow",
                "action_id": "o",
                "options": [option(value=str(n)) for n in range(6)],
            }
        )
    ],
    "eleven context elements": [{"type": "context", "elements": [mrkdwn("x")] * 11}],
    "51 blocks": [{"type": "divider"}] * 51,
    "two tables": [table(["a"], ["b"]), table(["a"], ["b"])],
    "an empty cell": [table(["a"], [""])],
    "101 rows": [table(*[["a"]] * 101)],
    "21 columns": [table(["a"] * 21)],
    "an alert": [{"type": "alert", "text": plain("x"), "level": "warning"}],
    "more text than a message holds": [section("x" * 3000)] * 5,
    "no list": {"type": "section"},  # type: ignore[dict-item]  # the case is that it is none
}
GOOD_VIEWS: dict[str, Json] = {
    "a modal": modal(),
    "the longest labels": modal(
        title=plain("x" * 24), submit=plain("y" * 24), close=plain("z" * 24), private_metadata="m" * 3000
    ),
    "an input with submit": modal(text_input(), submit=plain("Go")),
    "an input that dispatches": modal(
        text_input(
            dispatch_action_config={"trigger_actions_on": ["on_character_entered", "on_enter_pressed"]}
        ),
        submit=plain("Go"),
    ),
    "a select": modal(section(accessory=select(options=[option()]))),
    "100 options": modal(section(accessory=select(options=[option(value=str(n)) for n in range(100)]))),
    "an alert": modal({"type": "alert", "text": plain("Careful."), "level": "warning"}),
    "100 blocks": modal(*[{"type": "divider"}] * 100),
    "a home": {"type": "home", "blocks": [section()]},
}
BAD_VIEWS: dict[str, Json] = {
    "no title": {"type": "modal", "blocks": [section()]},
    "a title that is too long": modal(title=plain("x" * 25)),
    "a title in mrkdwn": modal(title=mrkdwn("x")),
    "a submit that is too long": modal(submit=plain("x" * 25)),
    "an input without submit": modal(text_input()),
    "an unknown key": modal(private_meta="x"),
    "metadata that is too long": modal(private_metadata="x" * 3001),
    "a callback_id that is too long": modal(callback_id="x" * 256),
    "101 blocks": modal(*[{"type": "divider"}] * 101),
    "no blocks": {"type": "modal", "title": plain("T"), "blocks": []},
    "a table": modal(table(["a"], ["b"])),
    "an alert at home": {"type": "home", "blocks": [{"type": "alert", "text": plain("x")}]},
    "no options": modal(section(accessory=select(options=[]))),
    "101 options": modal(section(accessory=select(options=[option(value=str(n)) for n in range(101)]))),
    "an option text that is too long": modal(section(accessory=select(options=[option("x" * 76)]))),
    "an option value that is too long": modal(section(accessory=select(options=[option(value="x" * 151)]))),
    "a placeholder that is too long": modal(text_input(placeholder=plain("x" * 151)), submit=plain("Go")),
    "another type": {"type": "workflow", "title": plain("T"), "blocks": [section()]},
    "more than 250 kB": modal(*[section("ü" * 3000) for _ in range(50)]),
}


@pytest.mark.parametrize("name", GOOD_MESSAGES)
def test_message_is_taken_with(name: str) -> None:
    assert message_problems(GOOD_MESSAGES[name]) == []


@pytest.mark.parametrize("name", BAD_MESSAGES)
def test_message_is_refused_with(name: str) -> None:
    assert message_problems(BAD_MESSAGES[name]) != []


@pytest.mark.parametrize("name", GOOD_VIEWS)
def test_view_is_taken_with(name: str) -> None:
    assert view_problems(GOOD_VIEWS[name]) == []


@pytest.mark.parametrize("name", BAD_VIEWS)
def test_view_is_refused_with(name: str) -> None:
    assert view_problems(BAD_VIEWS[name]) != []


def test_options_may_be_none_at_all() -> None:
    assert options_problems({"options": []}) == []
    assert options_problems({"options": [option()]}) == []
    assert options_problems({"option_groups": [{"label": plain("G"), "options": [option()]}]}) == []


def test_too_many_or_too_long_options_are_refused() -> None:
    assert options_problems({"options": [option(value=str(n)) for n in range(101)]})
    assert options_problems({"options": [option("x" * 76)]})
    assert options_problems({"option_groups": [{"label": plain("G"), "options": []}]})
