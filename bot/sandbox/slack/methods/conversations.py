from typing import Any

from bot.sandbox.slack.methods.call import Call
from bot.sandbox.slack.workspace import BOT_USER


async def info(call: Call) -> dict[str, Any]:
    channel = call.slack.channel_for_app(call.text("channel"))
    return {
        "channel": {
            "id": channel.id,
            "name": channel.name,
            "is_archived": channel.archived,
            "is_im": channel.is_im,
            "is_member": BOT_USER in channel.members,
        }
    }
