"""Mail-in-a-Box's API and its traps, with the simulator."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.clock import FrozenClock
from bot.errors import (
    AlreadyExists,
    NotFound,
    NotPossible,
    OperatorError,
    ProviderConfused,
    ProviderRefused,
    ProviderUnauthorized,
    ProviderUnavailable,
)
from bot.model import Capability, UserDetails
from bot.providers.base import UserState
from bot.providers.mailinabox import MailInABox
from bot.sandbox.mailinabox import MailInABoxSimulator
from tests.providers.conftest import Waits
from tests.support.tiny_box import Canned, tiny_box

LOGIN = "mailwarden@riverside.example"
RUTH = "ruth.keel@riverside.example"
TOM = "tom.barge@riverside.example"
PIET = "piet.locks@riverside.example"
NEW = "new.user@riverside.example"
SECRET = "Gravel-Otter-Piano-82"
MB, GB = 1 << 20, 1 << 30
TLS = Path(__file__).parent / "tls"


def box_for(
    simulator: MailInABoxSimulator,
    waits: Waits,
    *,
    login: str | None = None,
    password: str | None = None,
    ca_file: str = "",
    timeout: float = 5.0,
) -> MailInABox:
    given = simulator.credentials
    return MailInABox(
        "box",
        base_url=simulator.url,
        login=given["login"] if login is None else login,
        password=SecretStr(password or given["password"]),
        ca_file=ca_file,
        timeout=timeout,
        sleep=waits,
        jitter=lambda: 1.0,
    )


@pytest.fixture
async def simulator(clock: FrozenClock) -> AsyncIterator[MailInABoxSimulator]:
    simulator = MailInABoxSimulator(clock=clock)
    await simulator.start()
    yield simulator
    await simulator.stop()


@pytest.fixture
async def box(simulator: MailInABoxSimulator, waits: Waits) -> AsyncIterator[MailInABox]:
    client = box_for(simulator, waits)
    yield client
    await client.aclose()


@pytest.fixture
async def keyed(simulator: MailInABoxSimulator, waits: Waits) -> AsyncIterator[MailInABox]:
    """Goes by the box's API key."""
    client = box_for(simulator, waits, login="", password=simulator.box.api_key)
    yield client
    await client.aclose()


def operations(simulator: MailInABoxSimulator) -> list[str]:
    return [call["operation"] for call in simulator.calls]


# -- what it does -----------------------------------------------------------------------------------------------


async def test_users_are_listed_with_what_the_box_tells_of_them(box: MailInABox) -> None:
    listing = await box.list_users()
    assert listing.complete
    assert len(listing.addresses) == 11
    assert listing.details[RUTH] == UserDetails(admin=True, quota=5 * GB, used=round(1.2 * GB))
    assert listing.details["sam.quay@riverside.example"] == UserDetails(admin=False, quota=500 * MB)
    assert listing.archived == {PIET, "greta.malt@millbakery.example", "old.office@oaklane.example"}
    assert not listing.archived & listing.addresses


async def test_domains_are_listed_in_order(box: MailInABox) -> None:
    names = [domain.name for domain in await box.list_domains()]
    assert set(names) >= {"millbakery.example", "oaklane.example", "riverside.example"}
    assert names == sorted(names)


async def test_user_is_created_as_wanted(box: MailInABox, simulator: MailInABoxSimulator) -> None:
    await box.create_user(NEW, SECRET, admin=True, quota=5 * GB)
    made = simulator.box.users[NEW]
    assert (made.password, made.privileges, made.quota) == (SECRET, ["admin"], "5G")
    assert await box.get_user(NEW) == UserState(
        NEW, two_factor=False, details=UserDetails(admin=True, quota=5 * GB)
    )


async def test_user_is_created_without_what_is_not_wanted(
    box: MailInABox, simulator: MailInABoxSimulator
) -> None:
    await box.create_user(NEW, SECRET)
    assert simulator.effective("POST /mail/users/add") == [{"email": NEW, "password": SECRET}]
    assert (await box.get_user(NEW)).details == UserDetails(admin=False, quota=0)


async def test_password_admin_and_quota_are_set(box: MailInABox, simulator: MailInABoxSimulator) -> None:
    await box.set_password(TOM, SECRET)
    await box.set_admin(TOM, admin=True)
    await box.set_quota(TOM, 750 * MB)
    tom = simulator.box.users[TOM]
    assert (tom.password, tom.privileges, tom.quota) == (SECRET, ["admin"], "750M")
    await box.set_admin(TOM, admin=False)
    assert (await box.get_user(TOM)).details == UserDetails(admin=False, quota=750 * MB)


@pytest.mark.parametrize(
    ("size", "spelled"),
    [(0, "0"), (GB, "1G"), (1536 * MB, "1536M"), (1_000_000, "1000000"), (5 * 1024 * GB, "5120G")],
)
async def test_quota_is_spelled_as_a_box_takes_it(
    box: MailInABox, simulator: MailInABoxSimulator, size: int, spelled: str
) -> None:
    await box.set_quota(TOM, size)
    assert simulator.box.users[TOM].quota == spelled
    assert (await box.get_user(TOM)).details.quota == size


async def test_two_factor_is_told_and_switched_off(box: MailInABox, simulator: MailInABoxSimulator) -> None:
    assert (await box.get_user(RUTH)).two_factor
    await box.set_two_factor(RUTH, required=False)
    assert not simulator.box.users[RUTH].factors
    assert not (await box.get_user(RUTH)).two_factor
    await box.set_two_factor(RUTH, required=False)


async def test_two_factor_can_not_be_switched_on_for_somebody(box: MailInABox) -> None:
    with pytest.raises(NotPossible, match="switch two-factor authentication on themselves"):
        await box.set_two_factor(TOM, required=True)


async def test_what_a_box_has_not_is_not_possible(box: MailInABox) -> None:
    with pytest.raises(NotPossible, match="a box has a domain as long as it has an address of it"):
        await box.delete_domain("riverside.example")
    with pytest.raises(NotPossible, match="a box has a domain as soon as it has an address of it"):
        await box.add_domain("new.example")
    with pytest.raises(NotPossible):
        await box.rename_user(TOM, RUTH)
    with pytest.raises(NotPossible):
        await box.create_app_password(TOM, "Phone")
    assert await box.ownership_code() is None


# -- deleting and giving back -----------------------------------------------------------------------------------


async def test_deleted_user_is_archived_and_comes_back_with_nothing_but_its_mail(
    box: MailInABox, simulator: MailInABoxSimulator
) -> None:
    used = simulator.box.mailboxes[RUTH].used
    await box.delete_user(RUTH)
    assert await box.user_exists(RUTH) is False
    assert RUTH in (await box.list_users()).archived
    await box.create_user(RUTH, SECRET)
    listing = await box.list_users()
    assert RUTH not in listing.archived
    assert listing.details[RUTH] == UserDetails(admin=False, quota=0, used=round(1.2 * GB))
    assert simulator.box.mailboxes[RUTH].used == used


async def test_archived_user_is_no_user(box: MailInABox) -> None:
    assert await box.user_exists(PIET) is False
    with pytest.raises(NotFound, match="is not there any more"):
        await box.get_user(PIET)


async def test_user_that_is_not_there_is_refused_in_the_boxs_words(box: MailInABox) -> None:
    with pytest.raises(ProviderRefused, match=r"^Mail-in-a-Box refused: That's not a user \(nobody@"):
        await box.delete_user("nobody@riverside.example")


# -- who has to stay --------------------------------------------------------------------------------------------


async def test_own_login_is_protected_without_a_question(
    box: MailInABox, simulator: MailInABoxSimulator
) -> None:
    assert set(await box.protected_users()) == {LOGIN}
    assert simulator.calls == []


async def test_by_the_key_the_last_administrator_is_protected(
    keyed: MailInABox, simulator: MailInABoxSimulator
) -> None:
    assert await keyed.protected_users() == {}
    simulator.box.users[LOGIN].privileges.clear()
    reasons = await keyed.protected_users()
    assert reasons == {RUTH: f"{RUTH} is the last administrator of Mail-in-a-Box (account box)."}


# -- its traps --------------------------------------------------------------------------------------------------


async def test_quota_of_an_unknown_user_is_no_quota(box: MailInABox, simulator: MailInABoxSimulator) -> None:
    assert await box.user_exists("nobody@riverside.example") is False
    assert [call["status"] for call in simulator.calls] == [200]


async def test_other_spelling_is_another_user(box: MailInABox) -> None:
    assert await box.user_exists(RUTH.upper()) is False
    assert await box.user_exists(RUTH) is True


async def test_address_of_an_alias_is_refused_and_nothing_is_created(
    box: MailInABox, simulator: MailInABoxSimulator
) -> None:
    with pytest.raises(AlreadyExists, match="is an alias on the box, to orders@millbakery"):
        await box.create_user("sales@millbakery.example", SECRET)
    assert "POST /mail/users/add" not in operations(simulator)


async def test_address_that_is_taken_is_told_as_such(box: MailInABox) -> None:
    with pytest.raises(AlreadyExists, match=f"^{TOM} already exists"):
        await box.create_user(TOM, SECRET)


async def test_crash_after_the_work_is_unclear_and_not_repeated(
    box: MailInABox, simulator: MailInABoxSimulator
) -> None:
    simulator.box.recalculation_fails = True
    with pytest.raises(ProviderUnavailable) as created:
        await box.create_user(NEW, SECRET)
    with pytest.raises(ProviderUnavailable) as limited:
        await box.set_quota(TOM, 3 * GB)
    assert created.value.unclear
    assert limited.value.unclear
    assert operations(simulator).count("POST /mail/users/add") == 1
    assert await box.user_exists(NEW) is True
    assert (await box.get_user(TOM)).details.quota == 3 * GB


async def test_requests_go_out_one_at_a_time(box: MailInABox, simulator: MailInABoxSimulator) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(6):
            group.create_task(box.get_user(RUTH))
            group.create_task(box.list_domains())
    assert len(simulator.calls) == 24
    assert simulator.most_at_once == 1


async def test_who_does_not_get_their_turn_is_told_that_nothing_was_done(
    simulator: MailInABoxSimulator, waits: Waits
) -> None:
    """Each of those before it is answered in time; both together take longer than anybody waits."""
    box = box_for(simulator, waits, timeout=1.0)
    simulator.inject("GET /mail/domains", 2, {"delay_seconds": 0.7, "silent_success": True})
    async with asyncio.TaskGroup() as group:
        slow = [group.create_task(outcome(box)) for _ in range(2)]
        await simulator.asked("GET /mail/domains")
        with pytest.raises(ProviderUnavailable, match="is busy with our other requests") as caught:
            await box.set_password(TOM, SECRET)
    assert [one.result() for one in slow] == [None, None]
    assert not caught.value.unclear
    assert simulator.effective("POST /mail/users/password") == []
    assert await box.list_domains()
    await box.aclose()


async def outcome(box: MailInABox) -> OperatorError | None:
    try:
        await box.list_domains()
    except OperatorError as error:
        return error
    return None


async def test_slow_box_is_waited_for(simulator: MailInABoxSimulator, waits: Waits) -> None:
    box = box_for(simulator, waits, timeout=0.2)
    simulator.inject("GET /mail/domains", 1, {"delay_seconds": 5})
    with pytest.raises(ProviderUnavailable, match=r"did not answer within 0\.2 s"):
        await box.list_domains()
    await box.aclose()
    patient = box_for(simulator, waits, timeout=30)
    simulator.inject("GET /mail/domains", 1, {"delay_seconds": 0.5})
    assert await patient.list_domains()
    await patient.aclose()


# -- boxes without quotas ---------------------------------------------------------------------------------------


async def test_quotas_show_in_what_the_box_answers(box: MailInABox) -> None:
    assert Capability.QUOTA not in box.capabilities
    _ = await box.user_exists(TOM)
    assert box.capabilities == {
        Capability.QUOTA,
        Capability.ADMIN_PRIVILEGE,
        Capability.ALIASES,
        Capability.ARCHIVED_USERS,
        Capability.TWO_FACTOR_DISABLE,
    }


async def test_old_box_does_all_but_quotas(box: MailInABox, simulator: MailInABoxSimulator) -> None:
    simulator.box.has_quotas = False
    assert (await box.list_users()).details[RUTH].quota is None
    assert Capability.QUOTA not in box.capabilities
    await box.create_user(NEW, SECRET)
    assert await box.user_exists(NEW) is True
    assert await box.user_exists("nobody@riverside.example") is False
    assert (await box.get_user(RUTH)).details == UserDetails(admin=True)
    with pytest.raises(NotPossible, match="came with version 73"):
        await box.set_quota(TOM, GB)


async def test_old_box_is_found_out_without_a_listing(
    box: MailInABox, simulator: MailInABoxSimulator
) -> None:
    simulator.box.has_quotas = False
    assert await box.user_exists(TOM) is True
    assert await box.user_exists(PIET) is False
    assert operations(simulator) == ["GET /mail/users", "GET /mail/users"]
    assert Capability.QUOTA not in box.capabilities


# -- credentials ------------------------------------------------------------------------------------------------


async def test_wrong_password_is_told_with_the_boxs_reason_and_not_repeated(
    simulator: MailInABoxSimulator, waits: Waits
) -> None:
    box = box_for(simulator, waits, password="not-the-password")
    with pytest.raises(ProviderUnauthorized) as caught:
        await box.list_users()
    await box.aclose()
    assert str(caught.value) == (
        f"Mail-in-a-Box (account box) does not accept the login {LOGIN}: Incorrect email address or password."
    )
    assert len(simulator.calls) == 1


async def test_login_that_is_no_administrator_is_told(simulator: MailInABoxSimulator, waits: Waits) -> None:
    password = simulator.box.users[TOM].password
    box = box_for(simulator, waits, login=TOM, password=password)
    with pytest.raises(ProviderUnauthorized, match="You are not an administrator"):
        await box.list_users()
    await box.aclose()


async def test_login_with_two_factor_is_told_what_to_do(simulator: MailInABoxSimulator, waits: Waits) -> None:
    password = simulator.box.users[RUTH].password
    box = box_for(simulator, waits, login=RUTH, password=password)
    with pytest.raises(ProviderUnauthorized, match="Give the bot a login without, or the box's API key"):
        await box.list_users()
    await box.aclose()


async def test_key_is_enough(keyed: MailInABox, simulator: MailInABoxSimulator) -> None:
    assert LOGIN in (await keyed.list_users()).addresses
    assert (await keyed.get_user(RUTH)).two_factor
    await keyed.create_user(NEW, SECRET)
    assert NEW in simulator.box.users


async def test_wrong_key_is_told_and_not_shown(simulator: MailInABoxSimulator, waits: Waits) -> None:
    box = box_for(simulator, waits, login="", password="0123456789abcdef")
    with pytest.raises(ProviderUnauthorized, match="does not accept its API key") as caught:
        await box.list_users()
    await box.aclose()
    assert "0123456789abcdef" not in str(caught.value)


async def test_refusal_that_repeats_a_password_is_withheld(
    box: MailInABox, simulator: MailInABoxSimulator
) -> None:
    for said in (f"{SECRET} is too weak", f"{simulator.credentials['password']} is wrong"):
        simulator.inject("POST /mail/users/add", 1, {"status": 400, "body": said})
        with pytest.raises(ProviderRefused) as caught:
            await box.create_user(NEW, SECRET)
        assert "withheld" in str(caught.value)
        assert said not in str(caught.value)
        assert said not in caught.value.code


# -- what is no answer of a box ---------------------------------------------------------------------------------


async def test_list_without_the_login_that_asked_is_not_believed(
    box: MailInABox, simulator: MailInABoxSimulator
) -> None:
    simulator.inject("GET /mail/users", 1, {"body": []})
    with pytest.raises(ProviderConfused):
        await box.list_users()
    simulator.inject("GET /mail/domains", 1, {"body": "elsewhere.example\n"})
    with pytest.raises(ProviderConfused):
        await box.list_domains()


@pytest.mark.parametrize("body", ["<!doctype html><title>Sign in</title>", "", "Okay", "true"])
async def test_password_counts_as_set_only_at_the_boxs_word(
    box: MailInABox, simulator: MailInABoxSimulator, body: str
) -> None:
    simulator.inject("POST /mail/users/password", 1, {"body": body, "status": 200})
    with pytest.raises(ProviderConfused) as caught:
        await box.set_password(TOM, SECRET)
    assert caught.value.unclear


async def test_address_that_is_no_box_is_told_as_such(simulator: MailInABoxSimulator, waits: Waits) -> None:
    simulator.url = simulator.url.removesuffix("/admin")
    box = box_for(simulator, waits)
    with pytest.raises(ProviderConfused, match="Check the account's base_url: it ends in /admin") as caught:
        await box.delete_user(TOM)
    await box.aclose()
    assert not caught.value.unclear


async def test_redirect_is_not_followed_and_takes_no_credentials_along(waits: Waits) -> None:
    async with tiny_box() as server, tiny_box() as elsewhere:
        server.otherwise = lambda: Canned(302, b"", {"Location": f"{elsewhere.url}/mail/users"})
        box = MailInABox("box", base_url=server.url, login=LOGIN, password=SecretStr(SECRET), sleep=waits)
        with pytest.raises(ProviderConfused, match="wants to send us elsewhere"):
            await box.list_users()
        await box.aclose()
        assert elsewhere.asked == []


# -- its own complaints -----------------------------------------------------------------------------------------


async def test_complaints_are_the_errors_under_their_headings(waits: Waits) -> None:
    lines = (
        b'[{"type": "heading", "text": "System", "extra": []},'
        b' {"type": "ok", "text": "All system services are running.", "extra": []},'
        b' {"type": "heading", "text": "acme.example", "extra": []},'
        b' {"type": "error", "text": "This domain\'s DNS MX record\\n\\tis incorrect.", "extra": []},'
        b' {"type": "warning", "text": "The nameservers set on this domain ...", "extra": []}]'
    )
    async with tiny_box() as server:
        server.answers["POST /admin/system/status"] = Canned(200, lines)
        box = MailInABox("box", base_url=server.url, password=SecretStr(SECRET), sleep=waits)
        assert await box.complaints() == ["acme.example: This domain's DNS MX record is incorrect."]
        await box.aclose()


# -- TLS --------------------------------------------------------------------------------------------------------


@pytest.fixture
async def encrypted(clock: FrozenClock) -> AsyncIterator[MailInABoxSimulator]:
    """With a certificate that it signed itself."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(TLS / "box.pem")
    simulator = MailInABoxSimulator(clock=clock)
    await simulator.start(tls=tls)
    yield simulator
    await simulator.stop()


async def test_certificate_that_nobody_vouches_for_is_not_trusted(
    encrypted: MailInABoxSimulator, waits: Waits
) -> None:
    box = box_for(encrypted, waits)
    with pytest.raises(ProviderUnavailable, match="a certificate that can't be trusted") as caught:
        await box.delete_user(TOM)
    await box.aclose()
    assert not caught.value.unclear
    assert encrypted.calls == []


async def test_certificate_of_the_ca_file_is_trusted(encrypted: MailInABoxSimulator, waits: Waits) -> None:
    box = box_for(encrypted, waits, ca_file=str(TLS / "ca.pem"))
    assert LOGIN in (await box.list_users()).addresses
    await box.aclose()
