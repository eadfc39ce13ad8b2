"""Whatever stands after a command: somebody pastes a whole mail there."""

from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen, text_of

COMMANDS = (
    "/mail-users",
    "/mail-manage",
    "/mail-create",
    "/mail-bulk-create",
    "/mail-password",
    "/mail-2fa",
    "/mail-delete",
    "/mail-pending",
    "/mail-domains",
    "/mail-routes",
    "/mail-dns",
    "/mail-audit",
)
LONGEST = 3000


async def test_long_text_after_a_command_still_opens_its_window(sandbox: Sandbox, ada: Screen) -> None:
    hebrew = chr(0x5D0)
    for text in ("x" * LONGEST, "& <" * (LONGEST // 3), hebrew * LONGEST):
        for command in COMMANDS:
            await ada.command(command, text)
            await ada.view()
            await sandbox.settled()
            assert "Your administrator" not in text_of(ada.windows[-1].content), (command, text[:3])
            await ada.close()
