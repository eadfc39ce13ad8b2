"""PurelyMail's API and its traps."""

import pytest
from pydantic import SecretStr

from bot.errors import NotFound, ProviderConfused, ProviderRefused, ProviderUnauthorized
from bot.model import ProviderVerdict
from bot.providers.base import UserState
from bot.providers.purelymail import PurelyMail
from bot.sandbox.mail_data import SimulatedUser
from bot.sandbox.purelymail import PurelyMailSimulator

ANNA = "anna.keller@acme-tools.example"
NEW = "new.user@acme-tools.example"
SECRET = "Gravel-Otter-Piano-82"


def bodies(simulator: PurelyMailSimulator, operation: str) -> list[dict[str, object]]:
    return [call["body"] for call in simulator.calls if call["operation"] == operation]


# -- what it does -----------------------------------------------------------------------------------------------


async def test_users_and_domains_are_listed(purelymail: PurelyMail, simulator: PurelyMailSimulator) -> None:
    listing = await purelymail.list_users()
    assert listing.addresses == frozenset(simulator.account.users)
    assert len(listing.addresses) == 60
    assert listing.complete
    domains = {domain.name: domain.provider_verdict for domain in await purelymail.list_domains()}
    assert domains["oldbrand.example"] == ProviderVerdict(mx=False, spf=True, dkim=True, dmarc=True)
    assert list(domains) == sorted(domains)


async def test_created_user_is_there_with_that_password(
    purelymail: PurelyMail, simulator: PurelyMailSimulator
) -> None:
    await purelymail.create_user(NEW, SECRET)
    assert simulator.account.users[NEW].password == SECRET
    assert await purelymail.user_exists(NEW) is True


async def test_deleted_user_is_gone(purelymail: PurelyMail, simulator: PurelyMailSimulator) -> None:
    await purelymail.delete_user(ANNA)
    assert ANNA not in simulator.account.users
    assert await purelymail.user_exists(ANNA) is False


async def test_two_factor_is_set_and_read_back(
    purelymail: PurelyMail, simulator: PurelyMailSimulator
) -> None:
    await purelymail.set_two_factor("carla.mendes@acme-tools.example", required=True)
    assert simulator.account.users["carla.mendes@acme-tools.example"].two_factor
    assert await purelymail.get_user("carla.mendes@acme-tools.example") == UserState(
        "carla.mendes@acme-tools.example", two_factor=True, search_indexing=True, password_reset=True
    )
    await purelymail.set_two_factor("carla.mendes@acme-tools.example", required=False)
    assert not simulator.account.users["carla.mendes@acme-tools.example"].two_factor


# -- its traps --------------------------------------------------------------------------------------------------


async def test_error_with_http_200_is_an_error(purelymail: PurelyMail) -> None:
    with pytest.raises(ProviderRefused, match=r"^PurelyMail refused: Could not find user nobody@"):
        await purelymail.delete_user("nobody@acme-tools.example")


async def test_user_name_is_the_local_part_in_create_alone(
    purelymail: PurelyMail, simulator: PurelyMailSimulator
) -> None:
    await purelymail.create_user(NEW, SECRET)
    await purelymail.set_password(NEW, SECRET)
    await purelymail.set_two_factor(NEW, required=True)
    await purelymail.get_user(NEW)
    await purelymail.delete_user(NEW)
    assert bodies(simulator, "createUser")[0]["userName"] == "new.user"
    assert bodies(simulator, "createUser")[0]["domainName"] == "acme-tools.example"
    others = [
        body["userName"] for op in ("modifyUser", "getUser", "deleteUser") for body in bodies(simulator, op)
    ]
    assert set(others) == {NEW}


async def test_created_user_gets_no_welcome_mail_and_no_reset_by_mail(
    purelymail: PurelyMail, simulator: PurelyMailSimulator
) -> None:
    await purelymail.create_user(NEW, SECRET)
    assert simulator.account.welcomed == []
    assert not simulator.account.users[NEW].password_reset
    (body,) = bodies(simulator, "createUser")
    assert body["enablePasswordReset"] is False
    assert body["sendWelcomeEmail"] is False


async def test_only_new_password_changes_a_password(
    purelymail: PurelyMail, simulator: PurelyMailSimulator
) -> None:
    await purelymail.set_password(ANNA, SECRET)
    assert bodies(simulator, "modifyUser") == [{"userName": ANNA, "newPassword": SECRET}]
    assert simulator.account.users[ANNA].password == SECRET


async def test_two_factor_goes_by_the_name_that_has_an_effect(
    purelymail: PurelyMail, simulator: PurelyMailSimulator
) -> None:
    await purelymail.set_two_factor(ANNA, required=False)
    assert bodies(simulator, "modifyUser") == [{"userName": ANNA, "requireTwoFactorAuthentication": False}]


@pytest.mark.parametrize(("extra", "complete"), [(939, True), (940, False), (1100, False)])
async def test_list_of_a_thousand_is_not_taken_for_complete(
    purelymail: PurelyMail, simulator: PurelyMailSimulator, extra: int, complete: bool
) -> None:
    for number in range(extra):
        address = f"u{number}@acme-tools.example"
        simulator.account.users[address] = SimulatedUser(address, "x")
    listing = await purelymail.list_users()
    assert listing.complete is complete
    assert len(listing.addresses) == min(60 + extra, 1000)


async def test_absence_is_not_claimed_from_a_list_that_may_be_cut(
    purelymail: PurelyMail, simulator: PurelyMailSimulator
) -> None:
    for number in range(1200):
        address = f"u{number}@acme-tools.example"
        simulator.account.users[address] = SimulatedUser(address, "x")
    assert await purelymail.user_exists("u1199@acme-tools.example") is True
    assert await purelymail.user_exists("nobody@acme-tools.example") is None


async def test_unknown_fields_are_accepted_silently_which_is_why_writes_are_read_back(
    simulator: PurelyMailSimulator, purelymail: PurelyMail
) -> None:
    simulator.inject("modifyUser", 1, {"silent_success": True})
    await purelymail.set_two_factor("carla.mendes@acme-tools.example", required=True)
    assert (await purelymail.get_user("carla.mendes@acme-tools.example")).two_factor is False


async def test_wrong_token_is_told_apart_and_not_repeated(simulator: PurelyMailSimulator) -> None:
    client = PurelyMail("main", token=SecretStr("not-the-token"), base_url=simulator.url)
    with pytest.raises(ProviderUnauthorized, match="does not accept its API token") as caught:
        await client.list_users()
    await client.aclose()
    assert "not-the-token" not in str(caught.value)
    assert len(simulator.calls) == 1


async def test_user_that_is_not_there_is_not_found(purelymail: PurelyMail) -> None:
    with pytest.raises(NotFound, match="is not there any more"):
        await purelymail.get_user("nobody@acme-tools.example")


async def test_success_without_type_is_success(
    purelymail: PurelyMail, simulator: PurelyMailSimulator
) -> None:
    simulator.inject("listUser", 1, {"body": {"result": {"users": ["A@x.example"]}}})
    assert (await purelymail.list_users()).addresses == {"a@x.example"}


async def test_null_result_of_a_write_is_success(
    purelymail: PurelyMail, simulator: PurelyMailSimulator
) -> None:
    simulator.inject("deleteUser", 1, {"body": {"type": "success", "result": None}})
    await purelymail.delete_user(ANNA)


async def test_unknown_operation_page_is_not_taken_for_an_answer(simulator: PurelyMailSimulator) -> None:
    client = PurelyMail("main", token=SecretStr("t"), base_url=f"{simulator.url}/somewhere")
    with pytest.raises(ProviderConfused, match="knows no operation listUser"):
        await client.list_users()
    await client.aclose()


async def test_refusal_that_repeats_a_secret_is_withheld(
    purelymail: PurelyMail, simulator: PurelyMailSimulator
) -> None:
    refusal = {"type": "error", "code": "weak", "message": f"{SECRET} is too weak"}
    simulator.inject("createUser", 1, {"body": refusal})
    with pytest.raises(ProviderRefused) as caught:
        await purelymail.create_user(NEW, SECRET)
    assert SECRET not in str(caught.value)


async def test_refusal_is_cut_and_printable(purelymail: PurelyMail, simulator: PurelyMailSimulator) -> None:
    refusal = {"type": "error", "code": "x", "message": "bad\x00\x1b[31m\n" + "long " * 500}
    simulator.inject("deleteUser", 1, {"body": refusal})
    with pytest.raises(ProviderRefused) as caught:
        await purelymail.delete_user(ANNA)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 340
