"""What a mail user had, noted right before it is deleted where its mailbox is kept: restoring it begins with a bare one."""

import logging

from bot.clock import Clock
from bot.errors import NotFound, ProviderError
from bot.model import Capability, Target, TargetKind
from bot.providers.base import MailProvider
from bot.storage import directory
from bot.storage.database import Database

log = logging.getLogger(__name__)


async def note(database: Database, clock: Clock, provider: MailProvider, target: Target) -> None:
    """Put the user's privilege and quota into the directory. What can't be had keeps no deletion from happening."""
    if target.kind is not TargetKind.USER or Capability.ARCHIVED_USERS not in provider.capabilities:
        return
    try:
        state = await provider.get_user(target.id)
    except (ProviderError, NotFound) as error:
        log.info("what %s had was not noted before its deletion: %s", target.id, error)
        return
    async with database.transaction() as session:
        await directory.put_user(
            session, target.account, target.id, now=clock.now(), gone=False, details=state.details
        )
