"""What must stay stays: protected names, logins that somebody needs; asked at the request and again at the end."""

import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

import aiohttp
import pytest
from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient
from typing_extensions import override

from bot.deletions import Safeguards
from bot.errors import Protected
from bot.model import Deletion, DeletionState, Operator, Role, Target, TargetKind
from bot.notices import SlackPoster
from bot.providers.purelymail import PurelyMail
from bot.sandbox.accounts import ACCOUNT
from bot.sandbox.run import Sandbox
from bot.services import Services, open_services
from bot.settings import DeletionSettings, OperatorSettings
from handlers.notices import RENDERERS
from handlers.people import SlackPeople

ADA = Operator("U0ADA", Role.ADMIN)
ANNA = "anna.keller@acme-tools.example"
SHOP = "newshop.example"
DAY = timedelta(hours=24)


def user(address: str) -> Target:
    return Target(ACCOUNT, TargetKind.USER, address)


async def ask(services: Services, target: Target) -> Deletion:
    scheduled = await services.deletions.schedule(ADA, nonce=uuid.uuid4().hex, wanted=[target], reason="left")
    return scheduled.deletions[0]


@asynccontextmanager
async def configured(
    sandbox: Sandbox, *tables: DeletionSettings | OperatorSettings
) -> AsyncIterator[Services]:
    """The same bot, started again with other settings."""
    names = {DeletionSettings: "deletions", OperatorSettings: "operators"}
    settings = sandbox.settings.model_copy(update={names[type(table)]: table for table in tables})
    async with aiohttp.ClientSession(trust_env=False) as session:
        client = AsyncWebClient(
            token=settings.slack.bot_token.get_secret_value(),
            base_url=settings.slack.api_url,
            session=session,
            retry_handlers=[],
        )
        client.proxy = None
        async with open_services(
            settings,
            clock=sandbox.clock,
            people=SlackPeople(client),
            poster=SlackPoster(client),
            renderers=RENDERERS,
            gap=timedelta(0),
        ) as services:
            yield services


async def test_what_the_configuration_protects_is_refused_at_the_request(sandbox: Sandbox) -> None:
    async with configured(sandbox, DeletionSettings(protected=(ANNA, SHOP))) as services:
        for target in (user(ANNA), Target(ACCOUNT, TargetKind.DOMAIN, SHOP)):
            with pytest.raises(Protected, match="protected"):
                await ask(services, target)
        assert (await services.deletions.open_deletions())[1] == 0


async def test_domain_does_not_take_a_protected_user_along(sandbox: Sandbox) -> None:
    async with configured(sandbox, DeletionSettings(protected=(f"hello@{SHOP}",))) as services:
        with pytest.raises(Protected, match=f"hello@{SHOP}"):
            await ask(services, Target(ACCOUNT, TargetKind.DOMAIN, SHOP))


@pytest.mark.parametrize("known", [True, False])
async def test_protected_name_is_refused_though_the_mail_system_is_down(
    sandbox: Sandbox, known: bool
) -> None:
    sandbox.purelymail.inject("*", 20, {"status": 503})
    async with configured(sandbox, DeletionSettings(protected=(ANNA,) if known else ())) as services:
        if known:
            with pytest.raises(Protected):
                await ask(services, user(ANNA))
        else:
            assert (await ask(services, user(ANNA))).state is DeletionState.PENDING


async def test_what_became_protected_meanwhile_is_not_deleted_and_the_channel_is_told(
    sandbox: Sandbox,
) -> None:
    queued = await ask(sandbox.bot.services, user(ANNA))
    async with configured(sandbox, DeletionSettings(protected=(ANNA,))) as services:
        sandbox.clock.advance(DAY + timedelta(minutes=1))
        await services.execution.run_due()
        ended = await services.deletions.get(queued.id)
        await services.delivery.run_due()
    assert (ended.state, ended.can_retry) == (DeletionState.FAILED, False)
    assert ANNA in sandbox.purelymail.account.users
    assert "is protected" in sandbox.slack.channels["C0MAILOPS"].messages[0].text


async def test_change_of_the_grace_period_affects_only_what_is_asked_for_after_it(sandbox: Sandbox) -> None:
    before = await ask(sandbox.bot.services, user(ANNA))
    shorter = DeletionSettings(grace=timedelta(hours=1), domain_grace=timedelta(hours=72))
    async with configured(sandbox, shorter) as services:
        after = await ask(services, user("ben.osei@acme-tools.example"))
        domain = await ask(services, Target(ACCOUNT, TargetKind.DOMAIN, SHOP))
        sandbox.clock.advance(timedelta(hours=2))
        await services.execution.run_due()
        states = [(await services.deletions.get(row.id)).state for row in (before, after, domain)]
    assert states == [DeletionState.PENDING, DeletionState.DELETED, DeletionState.PENDING]
    assert (before.grace, after.grace, domain.grace) == (DAY, timedelta(hours=1), timedelta(hours=72))


OLGA = Operator("U0OLGA", Role.OWNER)
WITHOUT_ADA = OperatorSettings(owners=("U0OLGA",), admins=("U0BEN",), viewers=("U0VIC",))


async def test_deletion_of_somebody_who_is_no_admin_any_more_waits_for_one_who_is(sandbox: Sandbox) -> None:
    queued = await ask(sandbox.bot.services, user(ANNA))
    async with configured(sandbox, WITHOUT_ADA) as services:
        sandbox.clock.advance(DAY + timedelta(minutes=1))
        await services.execution.run_due()
        await services.delivery.run_due()
        held = await services.deletions.get(queued.id)
        assert held.state is DeletionState.HELD
        assert ANNA in sandbox.purelymail.account.users
        told = [message.text for message in sandbox.slack.channels["C0MAILOPS"].messages]
        assert any("<@U0ADA> is not an admin of Mailwarden any more" in text for text in told)
        assert held.hold_id is not None
        await services.deletions.release(OLGA, held.hold_id)
        await services.execution.run_due()
        assert ANNA in sandbox.purelymail.account.users
        sandbox.clock.advance(DAY)
        await services.execution.run_due()
    assert ANNA not in sandbox.purelymail.account.users


async def test_deletion_waits_while_slack_can_not_say_who_asked_for_it(sandbox: Sandbox) -> None:
    queued = await ask(sandbox.bot.services, user(ANNA))
    sandbox.clock.advance(DAY + timedelta(minutes=1))
    sandbox.server.faults.inject("users.info", 3, {"status": 503})
    await sandbox.bot.services.execution.run_due()
    waiting = await sandbox.bot.services.deletions.get(queued.id)
    assert (waiting.state, waiting.attempts) == (DeletionState.PENDING, 0)
    assert ANNA in sandbox.purelymail.account.users


class Guarded(PurelyMail):
    """A mail system with logins that must stay."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__("main", token=SecretStr("x" * 20), base_url="http://127.0.0.1:9")
        self.reasons = reasons

    @override
    async def protected_users(self) -> Mapping[str, str]:
        return self.reasons


async def test_login_that_the_bot_or_the_last_admin_needs_stays_also_with_its_domain() -> None:
    provider = Guarded({"root@acme.example": "It is the last admin of the account."})
    safeguards = Safeguards(threshold=5, protected=())
    domain = Target("main", TargetKind.DOMAIN, "acme.example")
    root = Target("main", TargetKind.USER, "root@acme.example")
    assert await safeguards.objection(provider, root) == "It is the last admin of the account."
    told = await safeguards.objection(provider, domain, ["anna@acme.example", "root@acme.example"])
    assert told is not None
    assert "the last admin" in told
    assert await safeguards.objection(provider, domain, ["anna@acme.example"]) is None
    rule = Target("main", TargetKind.ROUTING_RULE, "root@acme.example")
    assert await safeguards.objection(provider, rule) is None
    await provider.aclose()
