from typing import Any

from bot.sandbox.slack import elements, strict
from bot.sandbox.slack.errors import ApiError
from bot.sandbox.slack.files import Files
from bot.sandbox.slack.methods.call import Call
from bot.sandbox.slack.payloads import view_object
from bot.sandbox.slack.workspace import View


def checked(view: Any, files: Files) -> dict[str, Any]:
    """A view as Slack keeps it. Raises what Slack answers to a bad one."""
    problems = strict.view_problems(view) or files.problems(view["blocks"], at="/view")
    if "view_too_large" in problems:
        raise ApiError("view_too_large")
    if problems:
        raise ApiError(
            "invalid_arguments", response_metadata={"messages": [f"[ERROR] {p}" for p in problems]}
        )
    # Which error Slack has for that is written nowhere; that the scope is needed, is (reference: file_input element).
    if not files.readable and any(
        (block.get("element") or {}).get("type") == elements.FILES for block in view["blocks"]
    ):
        raise ApiError("missing_scope", needed="files:read")
    return {**view, "blocks": elements.with_ids(view["blocks"])}


async def open_(call: Call) -> dict[str, Any]:
    content = _content(call, "modal")
    user = call.slack.use_trigger(call.text("trigger_id"))
    # A modal that is opened anew takes the place of what was open: only views.push stacks.
    call.slack.stacks[user].clear()
    return {"view": view_object(call.slack.open_view(user, content))}


async def push(call: Call) -> dict[str, Any]:
    content = _content(call, "modal")
    user = call.slack.use_trigger(call.text("trigger_id"))
    if not call.slack.stacks[user]:
        raise ApiError("no_open_view")
    return {"view": view_object(call.slack.open_view(user, content))}


async def update(call: Call) -> dict[str, Any]:
    view = _wanted(call)
    content = _content(call, view.content["type"])
    expected = call.optional("hash")
    if expected is not None and expected != view.hash:
        raise ApiError("hash_conflict")
    call.slack.update_view(view, content)
    return {"view": view_object(view)}


async def publish(call: Call) -> dict[str, Any]:
    content = _content(call, "home")
    user = call.text("user_id")
    if user not in call.slack.people:
        raise ApiError("user_not_found")
    home = call.slack.homes.get(user)
    expected = call.optional("hash")
    if expected is not None and (home is None or expected != home.hash):
        raise ApiError("hash_conflict")
    return {"view": view_object(call.slack.publish_home(user, content))}


def _wanted(call: Call) -> View:
    external_id = call.optional("external_id")
    view = (
        call.slack.view_by_external_id(external_id) if external_id else call.slack.view(call.text("view_id"))
    )
    if view is None:
        raise ApiError("not_found")
    return view


def _content(call: Call, kind: str) -> dict[str, Any]:
    view = call.structure("view", "invalid_arguments")
    content = checked(view, call.slack.files)
    if content["type"] != kind:
        raise ApiError(
            "invalid_arguments", response_metadata={"messages": ["[ERROR] the type of a view is fixed"]}
        )
    return content
