"""What all lists that one searches share: the search follows the typing, and the pages keep the search."""

from slack_bolt.async_app import AsyncApp

from bot.model import Role
from bot.services import Services
from handlers import blocks
from handlers.listening import listener
from handlers.live import Live
from handlers.payloads import clean
from handlers.place import Found
from handlers.turn import Turn


def register_list(
    app: AsyncApp, services: Services, found: Found, *, search: tuple[str, str], page: str
) -> None:
    """`search`: block_id and action_id of what is searched for. `page`: the action_id of the pager."""
    live = Live()
    block, action = search

    async def follow(turn: Turn) -> None:
        await turn.ack()
        await live.follow(turn, lambda: found(turn, clean(turn.value), 0))

    async def turn_page(turn: Turn) -> None:
        await turn.ack()
        text = clean(turn.modal.text(block, action))
        await live.follow(turn, lambda: found(turn, text, int(turn.value) if turn.value.isdigit() else 0))

    app.action(action)(listener(services, follow, need=Role.VIEWER))
    app.action(blocks.pager_pattern(page))(listener(services, turn_page, need=Role.VIEWER))
