from typing import Any

from bot.sandbox.slack.methods.call import Call
from bot.sandbox.slack.workspace import BOT_ID, BOT_USER, TEAM


async def test(call: Call) -> dict[str, Any]:
    return {
        "url": f"{call.address}/",
        "team": "Sandbox",
        "user": "mailwarden",
        "team_id": TEAM,
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }
