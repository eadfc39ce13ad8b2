"""App passwords: made, shown once and nowhere else, deleted by pasting."""

import io
from pathlib import Path

from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen, text_of
from handlers.app_passwords import NEW
from tests.support.held import copied, everything_said, opens, users

CARLA = "carla.mendes@acme-tools.example"


async def the_window(ada: Screen) -> None:
    await opens(ada, "/mail-manage", CARLA)
    await ada.sees("*Two-factor login:*")
    await from_the_users_window(ada)


async def from_the_users_window(ada: Screen) -> None:
    await ada.press("App passwords")
    await ada.sees("Make one", "Delete one …")


async def made(ada: Screen, name: str = "Phone") -> str:
    await the_window(ada)
    await ada.press("Make one")
    await ada.sees("What it is for")
    if name:
        await ada.fill("app_password_name", name)
    await ada.submit()
    return copied(await ada.sees("PurelyMail made this app password", "Copy it now"), NEW)


async def held(sandbox: Sandbox) -> list[str]:
    found: list[str] = (await users(sandbox))[CARLA]["app_passwords"]
    return found


async def test_app_password_is_the_one_that_works_and_nothing_says_it_was_read_back(
    sandbox: Sandbox, ada: Screen
) -> None:
    assert await held(sandbox) == []
    secret = await made(ada)
    assert await held(sandbox) == [secret]
    shown = text_of(ada.windows[-1].content)
    assert "It can't be read back" in shown
    assert "Phone" in shown
    await ada.close()
    await ada.close()
    nameless = await made(ada, "")
    assert await held(sandbox) == [secret, nameless]


async def test_app_password_is_in_no_log_no_database_no_message_and_no_metadata(
    sandbox: Sandbox, ada: Screen, written: io.StringIO, tmp_path: Path
) -> None:
    secret = await made(ada)
    await ada.close()
    await from_the_users_window(ada)
    await ada.press("Delete one …")
    await ada.sees("The app password to delete")
    await ada.fill("app_password", secret)
    await ada.submit()
    await ada.sees("accepted the deletion")
    await sandbox.settled()
    assert secret not in written.getvalue()
    assert secret not in everything_said(sandbox)
    assert secret not in str([view.content for view in ada.windows])
    stored = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir() if path.is_file())
    assert CARLA.encode() in stored
    assert secret.encode() not in stored


async def test_form_sent_twice_makes_one(sandbox: Sandbox, ada: Screen) -> None:
    await the_window(ada)
    await ada.press("Make one")
    await ada.sees("What it is for")
    sandbox.server.faults.inject("socket", 1, {"redeliver": True})
    await ada.submit()
    await sandbox.settled()
    shown = copied(await ada.sees("Copy it now"), NEW)
    assert await held(sandbox) == [shown]


async def test_success_without_an_app_password_is_not_believed(sandbox: Sandbox, ada: Screen) -> None:
    sandbox.purelymail.inject("createAppPassword", 1, {"silent_success": True})
    await the_window(ada)
    await ada.press("Make one")
    await ada.sees("What it is for")
    await ada.fill("app_password_name", "Tablet")
    await ada.submit()
    await ada.sees("gave no app password", "Tablet")
    await ada.submit()
    shown = copied(await ada.sees("Copy it now"), NEW)
    assert await held(sandbox) == [shown]


async def test_person_who_closed_the_window_is_told_that_it_was_not_shown(
    sandbox: Sandbox, ada: Screen
) -> None:
    sandbox.purelymail.inject("createAppPassword", 1, {"delay_seconds": 3})
    await the_window(ada)
    await ada.press("Make one")
    await ada.sees("What it is for")
    await ada.submit()
    await ada.sees("Making an app password")
    await ada.close()
    await sandbox.settled()
    said = everything_said(sandbox)
    assert "could not be shown: the window was closed" in said
    assert (await held(sandbox))[0] not in said


async def test_pasted_app_password_is_deleted_and_the_words_claim_no_more_than_that_it_was_accepted(
    sandbox: Sandbox, ada: Screen
) -> None:
    first = await made(ada)
    await ada.close()
    await ada.close()
    second = await made(ada, "Tablet")
    await ada.close()
    await from_the_users_window(ada)
    await ada.press("Delete one …")
    await ada.sees("The app password to delete")
    await ada.fill("app_password", f"  {first} ")
    await ada.submit()
    await ada.sees("PurelyMail accepted the deletion", "can't be asked whether it is gone")
    assert await held(sandbox) == [second]
    await ada.close()
    await ada.sees("had an app password of it deleted, by the word of the mail system")


async def test_refusal_keeps_the_form_without_what_was_pasted(sandbox: Sandbox, ada: Screen) -> None:
    refusal = {"type": "error", "code": "x", "message": "No such app password."}
    sandbox.purelymail.inject("deleteAppPassword", 1, {"body": refusal})
    await the_window(ada)
    await ada.press("Delete one …")
    await ada.sees("The app password to delete")
    await ada.fill("app_password", "0c0ffee0c0ffee")
    await ada.submit()
    window = await ada.sees("PurelyMail refused: No such app password.", "The app password to delete")
    assert "0c0ffee" not in str(window.content)
