"""The three kinds of things that can be deleted: whether one is there, what goes along with it, and whether it is the same."""

from dataclasses import dataclass

from bot.model import Snapshot, Target, TargetKind
from bot.providers.base import MailProvider

NOTHING = Snapshot()

NAMED = 5
"""So many names a sentence repeats."""


@dataclass(frozen=True, slots=True)
class Look:
    """`there` is None where the mail system's answer can't be trusted either way. `label`: what people call it.

    `automatic`: a routing rule that the mail system keeps by itself, so that it is not there to be deleted.
    """

    there: bool | None
    label: str
    snapshot: Snapshot = NOTHING
    automatic: bool = False


async def look(provider: MailProvider, target: Target) -> Look:
    """Ask the mail system. Raises ProviderError."""
    match target.kind:
        case TargetKind.USER:
            return Look(await provider.user_exists(target.id), target.id)
        case TargetKind.DOMAIN:
            if target.id not in {domain.name for domain in await provider.list_domains()}:
                return Look(there=False, label=target.id)
            users = (await provider.list_users()).addresses
            rules = await provider.list_routing_rules()
            return Look(
                there=True,
                label=target.id,
                snapshot=Snapshot(
                    users=tuple(sorted(user for user in users if user.endswith(f"@{target.id}"))),
                    rules=tuple(sorted(rule.label for rule in rules if rule.domain == target.id)),
                ),
            )
        case TargetKind.ROUTING_RULE:
            for rule in await provider.list_routing_rules():
                if rule.id == target.id:
                    return Look(
                        there=not rule.automatic,
                        label=rule.label,
                        snapshot=Snapshot(content=rule.content),
                        automatic=rule.automatic,
                    )
            return Look(there=False, label=target.id)


async def is_there(provider: MailProvider, target: Target) -> bool | None:
    """The same question at less cost, to read back. Raises ProviderError."""
    match target.kind:
        case TargetKind.USER:
            return await provider.user_exists(target.id)
        case TargetKind.DOMAIN:
            return target.id in {domain.name for domain in await provider.list_domains()}
        case TargetKind.ROUTING_RULE:
            rules = await provider.list_routing_rules()
            return target.id in {rule.id for rule in rules if not rule.automatic}


async def delete(provider: MailProvider, target: Target) -> None:
    """Ask the mail system to delete it. Raises ProviderError."""
    match target.kind:
        case TargetKind.USER:
            await provider.delete_user(target.id)
        case TargetKind.DOMAIN:
            await provider.delete_domain(target.id)
        case TargetKind.ROUTING_RULE:
            await provider.delete_routing_rule(target.id)


def difference(announced: Snapshot, now: Snapshot) -> str | None:
    """Why what is there now is not what was announced; None if it is, or is less."""
    if announced.content != now.content:
        return "it was changed after this deletion was announced"
    for what, before, after in (
        ("mail user", announced.users, now.users),
        ("routing rule", announced.rules, now.rules),
    ):
        new = sorted(set(after) - set(before))
        if new:
            more = f" and {len(new) - NAMED} more" if len(new) > NAMED else ""
            several = "s" if len(new) > 1 else ""
            return (
                f"it has {len(new)} {what}{several} that were not announced: {', '.join(new[:NAMED])}{more}"
            )
    return None
