"""The wrapper of every listener: authorise, run, and show what went wrong where the person is looking."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.errors import SlackApiError
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import AlreadySubmitted, InvalidInput, OperatorError
from bot.model import Role
from bot.observability import reference
from bot.services import Services
from handlers import blocks
from handlers.payloads import Kind, error_code
from handlers.turn import Run, Turn, unreachable

log = logging.getLogger(__name__)

BoltListener = Callable[[AsyncAck, dict[str, Any], AsyncWebClient, AsyncBoltContext], Awaitable[None]]

TRIGGER = frozenset({"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id", "trigger_expired"})

TOO_SLOW = "Slack was too slow to open the window: please repeat the command, or press the button again."

OUT_OF_DATE = "This is from an older version of Mailwarden. Nothing was done: please start again with /mail."


def listener(services: Services, run: Run, *, need: Role, fresh: bool = False) -> BoltListener:
    """`run` as a listener for Bolt. `fresh`: what it does changes something, so ask Slack anew who this is."""

    # Bolt fills these parameters in by their names; any other name would silently become None.
    async def listen(
        ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, context: AsyncBoltContext
    ) -> None:
        turn = Turn.read(services, body, ack, client, context)
        try:
            try:
                turn.operator = await services.access.authorise(
                    turn.slack_id, team_id=turn.team_id, need=need, fresh=fresh
                )
                await run(turn)
            except OperatorError as error:
                await _show(turn, error)
            except Exception as error:  # noqa: BLE001 - nothing may leave a listener
                await _show(turn, OperatorError(_explain(run, error)))
            if not turn.acked:
                await turn.ack()
        except Exception as error:  # noqa: BLE001 - showing it failed too
            await _tell_at_least(turn, _explain(run, error))

    return listen


async def out_of_date(_turn: Turn) -> None:
    """For buttons and forms that nothing else answers to."""
    raise OperatorError(OUT_OF_DATE)


def problem_view(message: str) -> View:
    """A window that only says what went wrong."""
    return blocks.modal("Mailwarden", blocks.problem(message), callback_id="problem")


async def _show(turn: Turn, error: OperatorError) -> None:
    message = str(error)
    if _is_for_nobody(turn, error):
        return
    if turn.kind is Kind.OPTIONS:
        if not turn.acked:
            await turn.ack(options=[blocks.option(blocks.unmarked(message), "-")])
    elif turn.kind is Kind.EVENT:
        await turn.client.views_publish(
            user_id=turn.slack_id, view=View(type="home", blocks=[blocks.section(blocks.sentence(message))])
        )
    elif turn.kind is Kind.SUBMISSION and not turn.acked:
        await _answer_submission(turn, error)
    elif turn.view is not None and turn.view.type == "modal":
        if not turn.acked:
            await turn.ack()
        await _show_in_modal(turn, message)
    elif turn.view is not None:
        await turn.ack()
        await _show_beside_home(turn, message)
    else:
        if turn.kind is Kind.ACTION and not turn.acked:
            await turn.ack()
        await turn.tell(blocks.sentence(message))


def _is_for_nobody(turn: Turn, error: OperatorError) -> bool:
    """Who closes a window waits for nothing. And what becomes of a form, its first sending shows in this very window."""
    again = isinstance(error, AlreadySubmitted) and error.under_way
    return turn.kind is Kind.CLOSING or (again and turn.kind is Kind.SUBMISSION and turn.acked)


async def _answer_submission(turn: Turn, error: OperatorError) -> None:
    fields = turn.modal.input_ids
    message = str(error)
    if isinstance(error, InvalidInput) and error.field in fields:
        await turn.ack(response_action="errors", errors={error.field: blocks.unmarked(message)})
    elif isinstance(error, AlreadySubmitted) and fields:
        # The first sending may be answering this very window with a password: leave it to that one.
        await turn.ack(response_action="errors", errors={fields[0]: blocks.unmarked(message)})
    else:
        view = problem_view(message) if turn.recover is None else await turn.recover(message)
        await turn.ack(response_action="update", view=view)


async def _show_in_modal(turn: Turn, message: str) -> None:
    if turn.recover is not None:
        view: View | dict[str, Any] = await turn.recover(message)
    else:
        kept = [
            block for block in turn.modal.blocks if not str(block.get("block_id")).startswith(blocks.PROBLEM)
        ]
        view = turn.modal.with_blocks([block.to_dict() for block in blocks.problem(message)] + kept)
    if not await turn.show(view):
        await turn.tell(blocks.sentence(message))


async def _show_beside_home(turn: Turn, message: str) -> None:
    try:
        await turn.client.views_open(trigger_id=turn.trigger_id, view=problem_view(message))
    except SlackApiError:
        await turn.tell(blocks.sentence(message))


async def _tell_at_least(turn: Turn, message: str) -> None:
    try:
        if not turn.acked and turn.kind is not Kind.COMMAND:
            await turn.ack()
        await turn.tell(message)
    except Exception as error:  # noqa: BLE001 - nobody is left to tell
        log.error("the person could not be told (%s)", type(error).__name__)  # noqa: TRY400 - bodies stay out
        if not turn.acked:
            await turn.ack()


def _explain(run: Run, error: Exception) -> str:
    """The sentence for the person. What is not plain bad luck is logged under a reference that they see too."""
    if isinstance(error, SlackApiError) and error_code(error) in TRIGGER:
        return TOO_SLOW
    mark = reference()
    name = getattr(run, "__qualname__", repr(run))
    if isinstance(error, SlackApiError):
        # Its text may quote what was sent; the code says enough.
        log.error("reference %s: in %s, Slack answered %s", mark, name, error_code(error))
        return (
            f"Slack refused a step ({error_code(error)}). Your administrator finds it in the log as {mark}."
        )
    if unreachable(error):
        log.error("reference %s: in %s, Slack could not be reached (%s)", mark, name, type(error).__name__)
        return f"Slack could not be reached for a step. Your administrator finds it in the log as {mark}."
    log.error("reference %s: %s failed", mark, name, exc_info=error)
    return f"Something went wrong inside Mailwarden. Your administrator finds it in the log as {mark}."
