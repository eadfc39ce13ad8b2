"""A password is in the window of the person who asked, in the mail system, and nowhere else."""

import io
from pathlib import Path

from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen, text_of

TYPED = "Gravel-Otter-Piano-82"
ADDRESS = "secret.keeper@acme-tools.example"
ANNA = "anna.keller@acme-tools.example"


async def test_no_password_is_left_anywhere(
    written: io.StringIO, sandbox: Sandbox, ada: Screen, tmp_path: Path
) -> None:
    # Typed, refused once by a failing mail system, sent again; then generated, with the bot's answer lost on its way.
    await ada.command("/mail-create", ADDRESS)
    await ada.view()
    await ada.fill("password_mode", "type")
    await ada.view(lambda view: any(block["block_id"] == "password" for block in view.blocks))
    await ada.fill("password", TYPED)
    sandbox.purelymail.inject(
        "createUser", 1, {"body": {"type": "error", "code": "x", "message": f"no {TYPED}"}}
    )
    await ada.submit()
    await ada.sees("withheld")
    await ada.fill("password", TYPED)
    await ada.submit()
    await ada.sees(TYPED)
    assert sandbox.purelymail.account.users[ADDRESS].password == TYPED

    await ada.command("/mail-password", ANNA)
    await ada.sees(ANNA)
    sandbox.server.faults.inject("views.update", 1, {"drop_response": True})
    await ada.submit()
    shown = await ada.sees("accepted the new password")
    generated = sandbox.purelymail.account.users[ANNA].password
    assert generated in text_of(shown.content)
    await sandbox.settled()

    metadata = [view.content.get("private_metadata", "") for view in ada.windows]
    messages = [m.text + text_of(m.blocks) for c in sandbox.slack.channels.values() for m in c.messages]
    files = everything_in(tmp_path)
    assert ADDRESS.encode() in files
    assert ANNA not in generated
    for secret in (TYPED, generated, sandbox.purelymail.credentials["api_token"]):
        assert secret not in written.getvalue()
        assert secret.encode() not in files
        assert secret not in "".join(messages)
        assert secret not in "".join(metadata)


def everything_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
