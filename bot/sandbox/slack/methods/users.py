from typing import Any

from bot.sandbox.slack.errors import ApiError
from bot.sandbox.slack.methods.call import Call
from bot.sandbox.slack.workspace import TEAM, Person


async def info(call: Call) -> dict[str, Any]:
    person = call.slack.people.get(call.text("user"))
    if person is None:
        raise ApiError("user_not_found")
    return {"user": _shown(person)}


async def list_(call: Call) -> dict[str, Any]:
    return {"members": [_shown(person) for person in call.slack.people.values()]}


def _shown(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "team_id": TEAM,
        "name": person.name,
        "real_name": person.name.title(),
        "deleted": False,
        "is_bot": person.is_bot,
        "is_app_user": False,
        "is_restricted": person.is_guest,
        "is_ultra_restricted": False,
        "tz": "Europe/Zurich",
        "profile": {"real_name": person.name.title(), "display_name": person.name, "team": TEAM},
    }
