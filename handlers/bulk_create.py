"""Create many mail users: /mail-bulk-create → a pasted list or a file → what is wrong with it → created, one by one.

Passwords are generated, and shown only in the window of the person who asked. A run that stopped is gone on with here.
"""

import logging

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.bulk import LIST, Progress
from bot.errors import InvalidInput, OperatorError, TooLate
from bot.model import LineState, Role, Run, RunState
from bot.services import Services
from handlers import blocks, bulk_words, given_files
from handlers.bulk_views import (
    AGAIN,
    DROP,
    FILE,
    FILE_ACTION,
    FORM,
    LIST_ACTION,
    NEW,
    PREVIEW,
    TITLE,
    form,
    named,
    preview,
    progress,
    stopped,
    under_way,
)
from handlers.listening import listener
from handlers.payloads import error_code
from handlers.turn import Turn

log = logging.getLogger(__name__)

COMMAND = "/mail-bulk-create"
ASK = "bulk_create.ask"


def register(app: AsyncApp, services: Services) -> None:
    app.command(COMMAND)(listener(services, ask, need=Role.ADMIN))
    app.action(ASK)(listener(services, ask, need=Role.ADMIN))
    app.action(NEW)(listener(services, start_anew, need=Role.ADMIN))
    app.action(AGAIN)(listener(services, change_list, need=Role.ADMIN))
    app.action(DROP)(listener(services, drop, need=Role.ADMIN, fresh=True))
    app.view(FORM)(listener(services, submit, need=Role.ADMIN))
    app.view(PREVIEW)(listener(services, create, need=Role.ADMIN, fresh=True))


async def ask(turn: Turn) -> None:
    await turn.ack()
    run = await turn.services.bulk.unfinished(turn.operator)
    if run is None:
        await turn.open(form(files=_files(turn)))
    else:
        await turn.open(_stopped(turn, run))


async def start_anew(turn: Turn) -> None:
    await turn.ack()
    await turn.show(form(files=_files(turn)))


async def change_list(turn: Turn) -> None:
    await turn.ack()
    run = await turn.services.bulk.get(turn.operator, turn.value)
    await turn.show(form(source=run.text, files=_files(turn)))


async def submit(turn: Turn) -> None:
    sent = turn.modal
    typed = sent.text(LIST, LIST_ACTION)
    given = sent.files(FILE, FILE_ACTION)

    async def back(message: str) -> View:
        return form(source=typed, files=_files(turn), problem=message)

    turn.recover = back
    if typed.strip() and given:
        raise InvalidInput("Give a list or a file, not both.", field=FILE)

    async def look() -> View:
        text = typed
        if given:
            text = await given_files.read_text(turn.client, given[0], field=FILE)
        try:
            run = await turn.services.bulk.draft(turn.operator, text)
        except InvalidInput as error:
            raise InvalidInput(str(error), field=FILE if given else LIST) from error
        return preview(run, several=turn.several)

    await turn.carry_out(
        look(),
        working=blocks.modal(
            TITLE, [blocks.words("Looking the list through …")], callback_id=f"{FORM}.working"
        ),
        lost="The list was looked through, and the window was closed: nothing was created.",
    )


async def create(turn: Turn) -> None:
    bulk = turn.services.bulk
    run_id = str(turn.modal.metadata.get("run", ""))
    try:
        work = await bulk.begin(turn.operator, run_id)
    except TooLate:
        # The same form may arrive twice: whoever is at it shows how far it is.
        run = await bulk.get(turn.operator, run_id)
        if not bulk.is_under_way(run):
            raise
        await turn.ack(response_action="update", view=under_way(run))
        return
    await turn.ack(response_action="update", view=progress(Progress(work.run, {}), several=turn.several))

    async def show(progressed: Progress) -> bool:
        try:
            return await turn.show(progress(progressed, several=turn.several))
        except SlackApiError as error:
            log.warning(
                "the progress of a bulk creation could not be shown: Slack answered %s", error_code(error)
            )
        except (aiohttp.ClientError, TimeoutError):
            log.warning("the progress of a bulk creation could not be shown: Slack was not reached")
        return False

    try:
        run = await bulk.carry_out(work, show)
    except OperatorError as error:
        # What is in the window holds passwords: nothing takes its place.
        await turn.tell(blocks.sentence(str(error)))
        return
    if run.state is RunState.PAUSED:
        log.info("a bulk creation stopped: %s of %s created", run.count(LineState.CREATED), run.wanted)


async def drop(turn: Turn) -> None:
    await turn.ack()
    run = await turn.services.bulk.drop(turn.operator, turn.value)
    unshown = [line for line in run.lines if line.is_unshown]
    parts: list[Block] = [blocks.words(f"Dropped. {bulk_words.done_of(run)} The others are not created.")]
    if unshown:
        parts.append(
            blocks.section("Nobody has seen the passwords of these: set new ones with /mail-password.")
        )
        parts += named(unshown, several=turn.several)
    await turn.show(blocks.modal(TITLE, parts, callback_id=f"{FORM}.dropped", close="Done"))


def _stopped(turn: Turn, run: Run) -> View:
    if turn.services.bulk.is_under_way(run):
        return under_way(run)
    return stopped(run, several=turn.several)


def _files(turn: Turn) -> bool:
    return given_files.SCOPE in turn.services.granted
