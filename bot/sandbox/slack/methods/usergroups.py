from typing import Any

from bot.sandbox.slack.errors import ApiError
from bot.sandbox.slack.methods.call import Call


async def users_list(call: Call) -> dict[str, Any]:
    members = call.slack.groups.get(call.text("usergroup"))
    if members is None:
        raise ApiError("no_such_subteam")
    return {"users": sorted(members)}
