"""The windows of /mail-bulk-create: the list, what is wrong with it, how far it is, and what stopped."""

from collections.abc import Sequence

from slack_sdk.models.blocks import Block, ConfirmObject, InputBlock, PlainTextInputElement
from slack_sdk.models.blocks.block_elements import FileInputElement
from slack_sdk.models.views import View

from bot import quotas
from bot.bulk import LIST, MOST, Progress
from bot.model import Line, LineState, Run, RunState
from handlers import blocks, bulk_words, given_files
from handlers.bulk_words import users
from handlers.payloads import pack

FORM = "bulk_create"
LIST_ACTION = "bulk_create.list"
FILE = "file"
FILE_ACTION = "bulk_create.file"
PREVIEW = "bulk_create.preview"
AGAIN = "bulk_create.again"
NEW = "bulk_create.new"
DROP = "bulk_create.drop"

TITLE = "Create mail users"
TYPED = 3000
"""Characters that a text field holds."""

PROBLEMS = MOST
"""Lines with a problem that are named."""

SHOWN = 25
"""Lines without one that are named before they are created."""

EXAMPLE = "anna@example.com\nben@example.com"
HOW = (
    f"One address in each line, at most {MOST}. Or CSV, with the columns named in the first line: address, and perhaps "
    "account, quota, admin."
)


def form(*, source: str = "", files: bool, problem: str | None = None) -> View:
    """`source`: what the list begins with. `files`: whether one can be given."""
    top: list[Block] = [] if problem is None else blocks.problem(problem)
    if len(source) > TYPED:
        top.append(blocks.words(f"The list has more than {TYPED} characters: give it as a file again."))
        source = ""
    parts = [
        *top,
        InputBlock(
            block_id=LIST,
            label="List",
            hint=HOW,
            optional=files or None,
            element=PlainTextInputElement(
                action_id=LIST_ACTION,
                initial_value=source or None,
                placeholder=blocks.plain(EXAMPLE, 150),
                multiline=True,
                max_length=TYPED,
            ),
        ),
    ]
    if files:
        parts.append(
            InputBlock(
                block_id=FILE,
                label="Or a file",
                hint="Text or CSV, in UTF-8. Only Mailwarden reads it.",
                optional=True,
                element=FileInputElement(action_id=FILE_ACTION, filetypes=["csv", "txt", "tsv"], max_files=1),
            )
        )
    else:
        parts.append(
            blocks.context(f"A file can be given as well, once the app has the scope {given_files.SCOPE}.")
        )
    parts.append(blocks.context("Nothing is created yet: first you see what is wrong with the list."))
    return blocks.modal(TITLE, parts, callback_id=FORM, submit="Look it through", close="Cancel")


def preview(run: Run, *, several: bool = False) -> View:
    """The list before anything is created: what is wrong first."""
    ready = [line for line in run.lines if line.state is LineState.WAITING]
    refused = run.count(LineState.REFUSED)
    parts: list[Block] = []
    if refused:
        left_out = f"{refused} {'line is' if refused == 1 else 'lines are'} left out"
        parts.append(blocks.warning(f"{left_out}: see what is wrong below."))
    if ready:
        parts.append(blocks.section(f"*{users(len(ready))}* can be created, each with a generated password:"))
        parts += named(ready, several=several)
    else:
        parts.append(blocks.words("None of the lines can be created as they are."))
    if refused:
        parts.append(blocks.section("*Left out*"))
        parts += bulk_words.complaints(run.lines, most=PROBLEMS, several=several)
    parts.append(blocks.actions(blocks.button("Change the list", AGAIN, value=run.id)))
    if ready:
        parts.append(
            blocks.context(
                "Keep the window open until it is done: it stops when you close it, and can be gone on with."
            )
        )
    return blocks.modal(
        TITLE,
        parts,
        callback_id=PREVIEW,
        submit=f"Create {len(ready)}" if ready else None,
        close="Cancel",
        metadata=pack(run=run.id),
    )


def progress(now: Progress, *, several: bool = False) -> View:
    """How far it is, with all passwords that were set since it was begun or gone on with."""
    run = now.run
    created, failed = run.count(LineState.CREATED), run.count(LineState.FAILED)
    parts: list[Block] = []
    match run.state:
        case RunState.PAUSED:
            parts += blocks.problem(run.why or "It stopped.")
            parts.append(
                blocks.section("It has stopped: go on with it in /mail-bulk-create. Nobody is created twice.")
            )
        case RunState.ENDED:
            parts.append(blocks.success("Done."))
        case _:
            parts.append(blocks.section(f"*Creating …* {_bar(created + failed, run.wanted)}"))
            parts.append(blocks.context("Keep this window open: it stops when you close it."))
    tally = bulk_words.done_of(run)
    parts.append(blocks.words(f"{tally} {users(failed)} could not be created." if failed else tally))
    if now.passwords:
        parts += [
            blocks.section("*Address and password*"),
            *bulk_words.credentials(run.lines, now.passwords),
            blocks.context(
                "Copy them now: they are shown only here, and only until you close this window. Hand each one over in "
                "person, by phone or in an encrypted message."
            ),
        ]
    told = [line for line in run.lines if line.told and line.state is not LineState.REFUSED]
    if told:
        parts.append(blocks.section("*What went otherwise*"))
        parts += bulk_words.complaints(told, most=PROBLEMS, several=several)
    earlier = created - len(now.passwords)
    if run.state is RunState.ENDED and earlier > 0:
        parts.append(blocks.context(f"The passwords of {users(earlier)} were shown before it stopped."))
    return blocks.modal(
        TITLE, parts, callback_id=f"{FORM}.progress", close="Done" if run.state is RunState.ENDED else "Close"
    )


def stopped(run: Run, *, several: bool = False) -> View:
    """A run that can be gone on with."""
    to_go = run.count(LineState.WAITING, LineState.CREATING)
    unclear = [line for line in run.lines if line.state is LineState.CREATING]
    unshown = [line for line in run.lines if line.is_unshown]
    parts: list[Block] = [
        blocks.warning(blocks.cut(f"A list of yours stopped. {run.why or ''}", 180)),
        blocks.section(f"Begun {blocks.date(run.at)}. {bulk_words.done_of(run)} {users(to_go)} to go."),
    ]
    if unshown:
        parts.append(blocks.section("*Created, and their passwords were not shown:* they get new ones."))
        parts += named(unshown, several=several)
    if unclear:
        parts.append(
            blocks.section(
                "*Being created when it stopped:* who was created by this list is not created again, and gets a new password."
            )
        )
        parts += named(unclear, several=several)
    parts.append(
        blocks.actions(
            blocks.button("Another list", NEW),
            blocks.button(
                "Drop it",
                DROP,
                value=run.id,
                style="danger",
                confirm=ConfirmObject(
                    title="Drop the rest?",
                    text=blocks.plain("Who is not created yet is not created. Nobody is deleted."),
                    confirm="Drop",
                    deny="Keep",
                ),
            ),
        )
    )
    return blocks.modal(
        TITLE, parts, callback_id=PREVIEW, submit="Go on", close="Close", metadata=pack(run=run.id)
    )


def under_way(run: Run) -> View:
    """A run that somebody is at: another window, or one that has just been closed."""
    handled = run.count(LineState.CREATED, LineState.FAILED)
    return blocks.modal(
        TITLE,
        [
            blocks.section(f"*A list of yours is being created.* {_bar(handled, run.wanted)}"),
            blocks.words(
                "Its passwords are in the window where it was begun. If that is closed, it stops in a moment."
            ),
            blocks.actions(blocks.button("Another list", NEW)),
        ],
        callback_id=f"{FORM}.under_way",
    )


def named(lines: Sequence[Line], *, several: bool) -> list[Block]:
    parts = bulk_words.sections(_wanted(line, several=several) for line in lines[:SHOWN])
    if len(lines) > SHOWN:
        parts.append(blocks.context(f"And {len(lines) - SHOWN} more."))
    return parts


def _wanted(line: Line, *, several: bool) -> str:
    extras = ["administrator"] if line.admin else []
    if line.quota is not None:
        extras.append(f"quota {quotas.words(line.quota)}")
    who = bulk_words.person(line, several=several)
    return f"{who}: {', '.join(extras)}" if extras else who


def _bar(done: int, wanted: int) -> str:
    filled = 10 * done // wanted if wanted else 10
    return f"{'▰' * filled}{'▱' * (10 - filled)} {done} of {wanted}"
