"""What PurelyMail knows of a user's login: another address, resets, app passwords, and the traps of each."""

import pytest

from bot.errors import NotPossible, ProviderConfused, ProviderRefused
from bot.providers.base import MailProvider, ResetKind, ResetMethod
from bot.providers.purelymail import PurelyMail
from bot.providers.without import WithoutLoginOptions
from bot.sandbox.purelymail import PurelyMailSimulator

ANNA = "anna.keller@acme-tools.example"
CARLA = "carla.mendes@acme-tools.example"
NEW = "carla.otter@lindenhof.example"
METHOD = ResetMethod(ResetKind.EMAIL, "carla@elsewhere.example", "Private", resets_two_factor=False)


def bodies(simulator: PurelyMailSimulator, operation: str) -> list[dict[str, object]]:
    return [call["body"] for call in simulator.calls if call["operation"] == operation]


async def test_renamed_user_keeps_the_mailbox(purelymail: PurelyMail, simulator: PurelyMailSimulator) -> None:
    before = simulator.account.users[CARLA]
    await purelymail.rename_user(CARLA, NEW)
    assert simulator.account.users[NEW] is before
    assert await purelymail.user_exists(NEW) is True
    assert await purelymail.user_exists(CARLA) is False


async def test_options_are_set_by_the_names_that_have_an_effect_and_read_by_theirs(
    purelymail: PurelyMail, simulator: PurelyMailSimulator
) -> None:
    await purelymail.set_search_indexing(CARLA, enabled=False)
    await purelymail.set_password_reset(CARLA, enabled=False)
    state = await purelymail.get_user(CARLA)
    assert (state.search_indexing, state.password_reset) == (False, False)
    assert bodies(simulator, "modifyUser") == [
        {"userName": CARLA, "enableSearchIndexing": False},
        {"userName": CARLA, "enablePasswordReset": False},
    ]


async def test_reset_method_is_added_listed_and_removed(
    purelymail: PurelyMail, simulator: PurelyMailSimulator
) -> None:
    await purelymail.add_reset_method(CARLA, METHOD)
    assert (await purelymail.get_user(CARLA)).reset_methods == (METHOD,)
    await purelymail.delete_reset_method(CARLA, METHOD.target)
    assert (await purelymail.get_user(CARLA)).reset_methods == ()
    assert simulator.account.users[ANNA].reset_methods


async def test_removing_names_its_target_or_all_would_go(
    purelymail: PurelyMail, simulator: PurelyMailSimulator
) -> None:
    with pytest.raises(AssertionError, match="has a target"):
        await purelymail.delete_reset_method(ANNA, "")
    assert len(simulator.account.users[ANNA].reset_methods) == 2


async def test_app_password_is_made_for_the_handle_and_deleted_by_itself(
    purelymail: PurelyMail, simulator: PurelyMailSimulator
) -> None:
    first = await purelymail.create_app_password(CARLA, "Phone")
    second = await purelymail.create_app_password(CARLA, "")
    assert simulator.account.users[CARLA].app_passwords == [first, second]
    assert bodies(simulator, "createAppPassword")[0] == {"userHandle": CARLA, "name": "Phone"}
    await purelymail.delete_app_password(CARLA, first)
    assert simulator.account.users[CARLA].app_passwords == [second]


async def test_success_without_an_app_password_is_none(
    purelymail: PurelyMail, simulator: PurelyMailSimulator
) -> None:
    simulator.inject("createAppPassword", 1, {"silent_success": True})
    assert await purelymail.create_app_password(CARLA, "Phone") == ""


async def test_app_password_that_is_no_text_makes_no_sense_and_leaves_open_what_was_made(
    purelymail: PurelyMail, simulator: PurelyMailSimulator
) -> None:
    simulator.inject("createAppPassword", 1, {"body": {"type": "success", "result": {"appPassword": 5}}})
    with pytest.raises(ProviderConfused) as caught:
        await purelymail.create_app_password(CARLA, "Phone")
    assert caught.value.unclear


async def test_refusal_that_repeats_an_app_password_is_withheld(
    purelymail: PurelyMail, simulator: PurelyMailSimulator
) -> None:
    refusal = {"type": "error", "code": "x", "message": "There is no app password 0c0ffee0c0ffee."}
    simulator.inject("deleteAppPassword", 1, {"body": refusal})
    with pytest.raises(ProviderRefused) as caught:
        await purelymail.delete_app_password(CARLA, "0c0ffee0c0ffee")
    assert "0c0ffee" not in str(caught.value)


@pytest.mark.parametrize("operation", ["createAppPassword", "upsertPasswordReset", "modifyUser"])
async def test_what_may_have_been_done_is_not_repeated(
    purelymail: PurelyMail, simulator: PurelyMailSimulator, operation: str
) -> None:
    simulator.inject(operation, 3, {"status": 502})
    calls = {
        "createAppPassword": purelymail.create_app_password(CARLA, ""),
        "upsertPasswordReset": purelymail.add_reset_method(CARLA, METHOD),
        "modifyUser": purelymail.rename_user(CARLA, NEW),
    }
    for name, call in calls.items():
        if name != operation:
            call.close()
    with pytest.raises(Exception, match="PurelyMail") as caught:
        await calls[operation]
    assert getattr(caught.value, "unclear", False)
    assert len(bodies(simulator, operation)) == 1


def told(**fields: object) -> dict[str, object]:
    return {"body": {"type": "success", "result": {"requireTwoFactorAuthentication": True, **fields}}}


@pytest.mark.parametrize(
    "fields",
    [
        {"enableSearchIndexing": "yes"},
        {"recoveryEnabled": 1},
        {"resetMethods": "none"},
        {"resetMethods": ["a@x.example"]},
        {"resetMethods": [{"type": "email"}]},
        {"resetMethods": [{"type": "email", "target": ""}]},
        {"resetMethods": [{"type": "email", "target": "a@x.example", "allowMfaReset": "no"}]},
    ],
)
async def test_user_of_other_types_makes_no_sense(
    purelymail: PurelyMail, simulator: PurelyMailSimulator, fields: dict[str, object]
) -> None:
    simulator.inject("getUser", 1, told(**fields))
    with pytest.raises(ProviderConfused, match="getUser"):
        await purelymail.get_user(CARLA)


async def test_what_is_not_told_is_not_known_and_a_new_kind_of_method_hides_nothing(
    purelymail: PurelyMail, simulator: PurelyMailSimulator
) -> None:
    simulator.inject("getUser", 1, told(resetMethods=[{"type": "key", "target": "k1"}]))
    state = await purelymail.get_user(CARLA)
    assert (state.two_factor, state.search_indexing, state.password_reset) == (True, None, None)
    assert state.reset_methods == (ResetMethod("key", "k1"),)


async def test_a_system_without_them_refuses_each_with_a_sentence() -> None:
    class Plain(WithoutLoginOptions):
        title = "Plain Mail"

    plain: MailProvider = Plain()  # type: ignore[abstract] # nothing else is called
    for call in (
        plain.rename_user(CARLA, NEW),
        plain.set_search_indexing(CARLA, enabled=True),
        plain.set_password_reset(CARLA, enabled=True),
        plain.add_reset_method(CARLA, METHOD),
        plain.delete_reset_method(CARLA, METHOD.target),
        plain.create_app_password(CARLA, ""),
        plain.delete_app_password(CARLA, "x"),
    ):
        with pytest.raises(NotPossible, match="Plain Mail"):
            await call
