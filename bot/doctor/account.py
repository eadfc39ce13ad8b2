"""A mail account: whether it can be reached, takes the bot's credentials, and what a box says of itself."""

from bot.doctor.check import Check
from bot.errors import ProviderError, ProviderUnauthorized
from bot.model import MailDomain
from bot.providers.mailinabox import MailInABox
from bot.providers.opening import open_provider
from bot.settings import AccountSettings

NAMED = 3
"""How many of a box's complaints are repeated."""


async def look_at_account(account: AccountSettings) -> tuple[list[Check], list[MailDomain]]:
    """The checks, and the account's domains."""
    provider = open_provider(account)
    try:
        domains = await provider.list_domains()
        count = "1 domain" if len(domains) == 1 else f"{len(domains)} domains"
        checks = [Check(passed=True, what=f"account {account.name}: {provider.title} lists {count}")]
        if isinstance(provider, MailInABox):
            checks.append(await _look_at_box(account, provider))
    except ProviderError as error:
        advice = (
            f"Check the credentials in {account.secret_env}."
            if isinstance(error, ProviderUnauthorized)
            else f"Check that this machine reaches {account.base_url}."
        )
        return [Check(passed=False, what=f"account {account.name}: {error}", advice=advice)], []
    finally:
        await provider.aclose()
    return checks, domains


async def _look_at_box(account: AccountSettings, box: MailInABox) -> Check:
    """What the box complains of is its own affair: the bot works all the same."""
    try:
        complaints = await box.complaints()
    except ProviderError as error:
        return Check(
            passed=True,
            what=f"account {account.name}: the box's own status checks were not seen",
            advice=f"{error} They take long on a box of many domains; see them in its control panel.",
        )
    if not complaints:
        return Check(passed=True, what=f"account {account.name}: the box finds nothing wrong with itself")
    more = f" And {len(complaints) - NAMED} more." if len(complaints) > NAMED else ""
    return Check(
        passed=True,
        what=f"account {account.name}: the box finds errors in itself: {len(complaints)}",
        advice=f"See Status Checks in its control panel. {' '.join(complaints[:NAMED])}{more}",
    )
