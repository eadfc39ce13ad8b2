from typing import Any

from bot.sandbox.slack.methods.call import Call


async def connections_open(call: Call) -> dict[str, Any]:
    return {"url": f"{call.address.replace('http', 'ws', 1)}/link?ticket={call.socket.ticket()}"}
