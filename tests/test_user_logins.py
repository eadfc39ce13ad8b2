"""Renaming, app passwords and password resets below Slack: what is proven, what is refused, what is left open."""

import asyncio
from collections.abc import AsyncIterator
from datetime import time
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from bot.app_passwords import AppPassword, AppPasswords
from bot.clock import FrozenClock
from bot.directory import Directory
from bot.errors import (
    AlreadyExists,
    AlreadySubmitted,
    InvalidInput,
    NotFound,
    NotPossible,
    OperatorError,
    Protected,
    ProviderError,
    ProviderRefused,
    WriteNotApplied,
)
from bot.model import Operator, Role
from bot.providers.base import ResetKind, ResetMethod
from bot.providers.mailinabox import MailInABox
from bot.providers.purelymail import PurelyMail
from bot.renaming import Renaming
from bot.sandbox.mail_data import SimulatedUser
from bot.sandbox.purelymail import PurelyMailSimulator
from bot.storage import audit
from bot.storage.database import Database
from bot.user_options import Option, UserOptions, check

ADA = Operator("U0ADA", Role.ADMIN)
CARLA = "carla.mendes@acme-tools.example"
OTTER = "carla.otter@acme-tools.example"
BEN = "ben.osei@acme-tools.example"
SALES = "sales@acme-tools.example"
HOME = ResetMethod(ResetKind.EMAIL, "carla@elsewhere.example", "Private", resets_two_factor=False)


@pytest.fixture
async def simulator(clock: FrozenClock) -> AsyncIterator[PurelyMailSimulator]:
    simulator = PurelyMailSimulator(clock=clock)
    await simulator.start()
    yield simulator
    await simulator.stop()


@pytest.fixture
async def purelymail(simulator: PurelyMailSimulator) -> AsyncIterator[PurelyMail]:
    token = SecretStr(simulator.credentials["api_token"])
    purelymail = PurelyMail("main", token=token, base_url=simulator.url, timeout=2, jitter=lambda: 0)
    yield purelymail
    await purelymail.aclose()


@pytest.fixture
async def directory(sqlite_database: Database, clock: FrozenClock, purelymail: PurelyMail) -> Directory:
    directory = Directory(
        database=sqlite_database,
        clock=clock,
        providers={"main": purelymail},
        refresh_at=time(2),
        zone=ZoneInfo("UTC"),
    )
    await directory.refresh("main")
    return directory


@pytest.fixture
def renaming(
    sqlite_database: Database, clock: FrozenClock, directory: Directory, purelymail: PurelyMail
) -> Renaming:
    return Renaming(
        database=sqlite_database,
        clock=clock,
        directory=directory,
        providers={"main": purelymail},
        protected=[BEN],
    )


@pytest.fixture
def options(sqlite_database: Database, clock: FrozenClock, purelymail: PurelyMail) -> UserOptions:
    return UserOptions(database=sqlite_database, clock=clock, providers={"main": purelymail})


@pytest.fixture
def app_passwords(sqlite_database: Database, clock: FrozenClock, purelymail: PurelyMail) -> AppPasswords:
    return AppPasswords(database=sqlite_database, clock=clock, providers={"main": purelymail})


async def acts(database: Database, target: str) -> list[tuple[str, str]]:
    async with database.reading() as session:
        return [(one.act, one.detail) for one in await audit.newest(session, limit=9, target=target)]


# -- another address ----------------------------------------------------------------------------------------------


async def rename(renaming: Renaming, before: str = CARLA, after: str = OTTER, nonce: str = "n") -> object:
    return await renaming.rename(ADA, nonce=nonce, account="main", address=before, new_address=after)


async def test_renamed_user_is_in_the_directory_by_the_new_address_alone(
    renaming: Renaming, directory: Directory, simulator: PurelyMailSimulator, sqlite_database: Database
) -> None:
    before = simulator.account.users[CARLA]
    await rename(renaming)
    assert simulator.account.users[OTTER] is before
    assert (await directory.find(OTTER)).account == "main"
    with pytest.raises(NotFound):
        await directory.find(CARLA)
    assert await acts(sqlite_database, OTTER) == [("renamed", f"from {CARLA}")]
    assert await acts(sqlite_database, CARLA) == [("rename_asked", f"to {OTTER}")]


async def test_rules_that_still_send_to_the_old_address_are_told(renaming: Renaming) -> None:
    renamed = await renaming.rename(
        ADA, nonce="n", account="main", address=SALES, new_address="vertrieb@acme-tools.example"
    )
    assert len(renamed.rules or ()) == 2
    assert all(SALES in rule for rule in renamed.rules or ())


async def test_rules_that_can_not_be_read_do_not_undo_a_renaming(
    renaming: Renaming, simulator: PurelyMailSimulator
) -> None:
    simulator.inject("listRoutingRules", 5, {"status": 500})
    renamed = await renaming.rename(ADA, nonce="n", account="main", address=CARLA, new_address=OTTER)
    assert (renamed.verified, renamed.rules) == (True, None)


async def test_success_that_is_only_claimed_is_not_believed(
    renaming: Renaming, directory: Directory, simulator: PurelyMailSimulator
) -> None:
    simulator.inject("modifyUser", 1, {"silent_success": True})
    with pytest.raises(WriteNotApplied, match="was not renamed: it is still listed as before"):
        await rename(renaming)
    assert (await directory.find(CARLA)).address == CARLA
    with pytest.raises(NotFound):
        await directory.find(OTTER)


async def test_lost_answer_is_settled_by_looking(
    renaming: Renaming, simulator: PurelyMailSimulator, directory: Directory
) -> None:
    simulator.inject("modifyUser", 1, {"drop_response": True})
    await rename(renaming)
    assert (await directory.find(OTTER)).address == OTTER


async def test_lost_request_is_said_to_be_open_and_its_form_is_not_sent_again(
    renaming: Renaming, simulator: PurelyMailSimulator
) -> None:
    simulator.inject("modifyUser", 1, {"status": 502})
    with pytest.raises(ProviderError):
        await rename(renaming)
    with pytest.raises(AlreadySubmitted):
        await rename(renaming)
    assert simulator.effective("modifyUser") == []


async def test_two_who_rename_to_one_address_at_once_leave_both_mailboxes(
    renaming: Renaming, simulator: PurelyMailSimulator
) -> None:
    before = len(simulator.account.users)
    outcomes = await asyncio.gather(
        rename(renaming, CARLA, OTTER, "a"), rename(renaming, SALES, OTTER, "b"), return_exceptions=True
    )
    assert len([one for one in outcomes if isinstance(one, OperatorError)]) == 1
    assert len(simulator.account.users) == before
    assert OTTER in simulator.account.users


async def test_list_that_is_too_long_proves_it_by_the_user_itself(
    renaming: Renaming, simulator: PurelyMailSimulator
) -> None:
    for number in range(1200):
        address = f"u{number}@acme-tools.example"
        simulator.account.users[address] = SimulatedUser(address, "x")
    renamed = await renaming.rename(ADA, nonce="n", account="main", address=CARLA, new_address=OTTER)
    assert renamed.verified


@pytest.mark.parametrize(
    ("before", "after", "error", "words"),
    [
        (CARLA, CARLA, InvalidInput, "its address already"),
        (CARLA, "carla@elsewhere.example", InvalidInput, "is not a domain of main"),
        (CARLA, "car la@acme-tools.example", InvalidInput, "Use a-z"),
        (CARLA, f"{'x' * 65}@acme-tools.example", InvalidInput, "Use a-z"),
        (CARLA, SALES, AlreadyExists, "already exists"),
        ("nobody@acme-tools.example", OTTER, NotFound, "is not there any more"),
        (BEN, OTTER, Protected, "the configuration names it"),
    ],
)
async def test_renaming_is_refused_before_anything_is_asked_for(
    renaming: Renaming,
    simulator: PurelyMailSimulator,
    before: str,
    after: str,
    error: type[OperatorError],
    words: str,
) -> None:
    with pytest.raises(error, match=words):
        await rename(renaming, before, after)
    assert simulator.effective("modifyUser") == []


async def test_longest_local_part_is_taken(renaming: Renaming, simulator: PurelyMailSimulator) -> None:
    longest = f"{'x' * 64}@acme-tools.example"
    await rename(renaming, CARLA, longest)
    assert longest in simulator.account.users


# -- options and resets ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", Option)
async def test_option_is_switched_and_read_back(
    options: UserOptions, simulator: PurelyMailSimulator, sqlite_database: Database, option: Option
) -> None:
    state = await options.switch(ADA, nonce="n", account="main", address=CARLA, option=option, on=False)
    assert option.state(state) is False
    user = simulator.account.users[CARLA]
    assert (user.search_indexing, user.password_reset) == (
        option is not Option.SEARCH_INDEXING,
        option is not Option.PASSWORD_RESET,
    )
    assert await acts(sqlite_database, CARLA) == [
        ("option_set", f"{option} off"),
        ("option_asked", f"{option} off"),
    ]


@pytest.mark.parametrize("option", Option)
async def test_option_that_did_not_move_is_told(
    options: UserOptions, simulator: PurelyMailSimulator, option: Option
) -> None:
    simulator.inject("modifyUser", 1, {"silent_success": True})
    with pytest.raises(WriteNotApplied, match="should be off, and is on"):
        await options.switch(ADA, nonce="n", account="main", address=CARLA, option=option, on=False)


async def test_method_is_added_once_and_removed(options: UserOptions, simulator: PurelyMailSimulator) -> None:
    state = await options.add_method(ADA, nonce="a", account="main", address=CARLA, method=HOME)
    assert state.reset_methods == (HOME,)
    with pytest.raises(AlreadyExists, match="is there already"):
        await options.add_method(ADA, nonce="b", account="main", address=CARLA, method=HOME)
    state = await options.remove_method(ADA, nonce="c", account="main", address=CARLA, target=HOME.target)
    assert state.reset_methods == ()
    with pytest.raises(NotFound, match="somebody else has removed it"):
        await options.remove_method(ADA, nonce="d", account="main", address=CARLA, target=HOME.target)
    assert len(simulator.effective("upsertPasswordReset")) == 1


async def test_target_that_is_there_in_another_spelling_is_there(
    options: UserOptions, simulator: PurelyMailSimulator
) -> None:
    """As somebody may have written it in the mail system's own settings."""
    spelt = {"type": "email", "target": "Carla@Elsewhere.example", "description": "", "allowMfaReset": False}
    simulator.account.users[CARLA].reset_methods.append(spelt)
    with pytest.raises(AlreadyExists, match="is there already"):
        await options.add_method(ADA, nonce="a", account="main", address=CARLA, method=HOME)
    with pytest.raises(NotFound):
        await options.remove_method(ADA, nonce="b", account="main", address=CARLA, target=HOME.target)
    state = await options.remove_method(
        ADA, nonce="c", account="main", address=CARLA, target="Carla@Elsewhere.example"
    )
    assert state.reset_methods == ()


async def test_method_without_a_target_removes_none(
    options: UserOptions, simulator: PurelyMailSimulator
) -> None:
    with pytest.raises(NotFound):
        await options.remove_method(ADA, nonce="c", account="main", address=CARLA, target="")
    assert simulator.effective("deletePasswordReset") == []


@pytest.mark.parametrize("fault", [{"silent_success": True}, {"drop_response": True}])
async def test_adding_is_believed_when_it_is_listed_and_not_before(
    options: UserOptions, simulator: PurelyMailSimulator, fault: dict[str, bool]
) -> None:
    simulator.inject("upsertPasswordReset", 1, fault)
    adding = options.add_method(ADA, nonce="a", account="main", address=CARLA, method=HOME)
    if "drop_response" in fault:
        assert (await adding).reset_methods == (HOME,)
    else:
        with pytest.raises(WriteNotApplied, match="is not listed"):
            await adding


async def test_removal_that_is_only_claimed_is_not_believed(
    options: UserOptions, simulator: PurelyMailSimulator
) -> None:
    await options.add_method(ADA, nonce="a", account="main", address=CARLA, method=HOME)
    simulator.inject("deletePasswordReset", 1, {"silent_success": True})
    with pytest.raises(WriteNotApplied, match="is still listed"):
        await options.remove_method(ADA, nonce="b", account="main", address=CARLA, target=HOME.target)


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        (ResetKind.EMAIL, " Carla@Elsewhere.example ", "carla@elsewhere.example"),
        (ResetKind.EMAIL, "carla@bücher.example", "carla@xn--bcher-kva.example"),
        (ResetKind.PHONE, "+49 (30) 123-4567", "+49301234567"),
    ],
)
def test_target_is_sent_as_the_mail_system_takes_it(kind: ResetKind, typed: str, kept: str) -> None:
    assert check(ResetMethod(kind, typed), CARLA).target == kept


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        (ResetKind.EMAIL, "carla"),
        (ResetKind.EMAIL, CARLA.upper()),
        (ResetKind.EMAIL, "carla@elsewhere.example, ben@elsewhere.example"),
        (ResetKind.PHONE, "030 1234567"),
        (ResetKind.PHONE, "+49 30 12345678901234"),
        (ResetKind.PHONE, "+49 call me"),
        (ResetKind.PHONE, ""),
    ],
)
def test_target_that_can_not_be_reached_is_refused_at_its_field(kind: ResetKind, typed: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check(ResetMethod(kind, typed), CARLA)
    assert caught.value.field == "reset_target"


# -- app passwords --------------------------------------------------------------------------------------------------


async def make(app_passwords: AppPasswords, nonce: str = "n", name: str = "Phone") -> AppPassword:
    return await app_passwords.create(ADA, nonce=nonce, account="main", address=CARLA, name=name)


async def take(app_passwords: AppPasswords, secret: str, nonce: str = "t") -> None:
    await app_passwords.delete(ADA, nonce=nonce, account="main", address=CARLA, app_password=secret)


async def test_app_password_is_made_and_deleted_and_on_record_without_itself(
    app_passwords: AppPasswords, simulator: PurelyMailSimulator, sqlite_database: Database
) -> None:
    made = await make(app_passwords)
    assert simulator.account.users[CARLA].app_passwords == [made.secret]
    assert made.secret not in repr(made)
    await take(app_passwords, f" {made.secret}\n")
    assert simulator.account.users[CARLA].app_passwords == []
    recorded = await acts(sqlite_database, CARLA)
    assert [act for act, _ in recorded] == [
        "app_password_deleted",
        "app_password_asked",
        "app_password_created",
        "app_password_asked",
    ]
    assert made.secret not in str(recorded)


async def test_success_without_an_app_password_is_not_believed_and_may_be_tried_again(
    app_passwords: AppPasswords, simulator: PurelyMailSimulator
) -> None:
    simulator.inject("createAppPassword", 1, {"silent_success": True})
    with pytest.raises(WriteNotApplied, match="gave no app password"):
        await make(app_passwords)
    assert (await make(app_passwords)).secret


async def test_lost_answer_says_that_one_may_have_been_made(
    app_passwords: AppPasswords, simulator: PurelyMailSimulator
) -> None:
    simulator.inject("createAppPassword", 1, {"drop_response": True})
    with pytest.raises(ProviderError, match="may have made an app password that nobody will see"):
        await make(app_passwords)
    with pytest.raises(AlreadySubmitted):
        await make(app_passwords)
    assert len(simulator.account.users[CARLA].app_passwords) == 1


async def test_refusal_is_told_as_it_is(app_passwords: AppPasswords, simulator: PurelyMailSimulator) -> None:
    refusal = {"type": "error", "code": "x", "message": "Too many."}
    simulator.inject("createAppPassword", 1, {"body": refusal})
    with pytest.raises(ProviderRefused, match=r"^PurelyMail refused: Too many\.$"):
        await make(app_passwords)


@pytest.mark.parametrize("typed", ["", "   ", "a\nb", "x" * 201])
async def test_what_was_not_shown_as_an_app_password_is_refused_at_its_field(
    app_passwords: AppPasswords, simulator: PurelyMailSimulator, typed: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await take(app_passwords, typed)
    assert caught.value.field == "app_password"
    assert simulator.calls == []


async def test_a_box_has_none_of_it(sqlite_database: Database, clock: FrozenClock) -> None:
    box = MailInABox("main", base_url="http://127.0.0.1:1/admin", password=SecretStr("x"))
    wired = {"database": sqlite_database, "clock": clock, "providers": {"main": box}}
    for act in (
        AppPasswords(**wired).create(ADA, nonce="n", account="main", address=CARLA, name=""),  # type: ignore[arg-type]
        UserOptions(**wired).add_method(ADA, nonce="n", account="main", address=CARLA, method=HOME),  # type: ignore[arg-type]
    ):
        with pytest.raises(NotPossible, match="Mail-in-a-Box has"):
            await act
    await box.aclose()
