from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen, text_of
from tests.support.held import opens, somebody, users
from tests.support.systems import on_either


async def test_search_counts_and_follows_the_typing(sandbox: Sandbox, vic: Screen) -> None:
    held = await users(sandbox)
    address = await somebody(sandbox)
    await opens(vic, "/mail-users")
    await vic.sees(f"{len(held)} mail users.")
    for end in range(1, len(address) + 1):
        await vic.fill("search", address[:end])
    fitting = sum(address in one for one in held)
    await vic.sees(f"{fitting} of {len(held)} mail users match.", address)
    await vic.fill("search", "%")
    await vic.sees(f"0 of {len(held)} mail users match.")


async def test_text_after_the_command_is_searched_for(sandbox: Sandbox, vic: Screen) -> None:
    held = await users(sandbox)
    domain = (await somebody(sandbox)).partition("@")[2]
    await opens(vic, "/mail-users", domain)
    await vic.sees(f"{sum(domain in one for one in held)} of {len(held)} mail users match.")


async def test_pages_show_every_user_once(sandbox: Sandbox, vic: Screen) -> None:
    held = await users(sandbox)
    pages = -(-len(held) // 10)
    window = await opens(vic, "/mail-users")
    seen = ""
    for page in range(1, pages + 1):
        await vic.sees(f"Page {page} of {pages}")
        seen += text_of(window.content)
        if page < pages:
            await vic.press("Next →")
    assert all(seen.count(f"`{address}`") == 1 for address in held)
    await vic.press("← Previous")
    await vic.sees(f"Page {pages - 1} of {pages}")


async def test_pages_keep_to_the_search(sandbox: Sandbox, vic: Screen) -> None:
    held = await users(sandbox)
    letter = "a"
    fitting = sum(letter in one for one in held)
    assert fitting > 10
    await opens(vic, "/mail-users")
    await vic.fill("search", letter)
    await vic.sees(f"{fitting} of ")
    await vic.press("Next →")
    await vic.sees(f"{fitting} of ", "Page 2 of ")


@on_either
async def test_enter_searches_too(sandbox: Sandbox, vic: Screen) -> None:
    address = await somebody(sandbox)
    await opens(vic, "/mail-users")
    await vic.fill("search", address)
    assert (await vic.submit()).response_action == "update"
    await vic.sees("match.", address)


@on_either
async def test_manage_leads_to_the_password_and_back(sandbox: Sandbox, ada: Screen) -> None:
    address = await somebody(sandbox)
    await opens(ada, "/mail-users", address)
    await ada.press("Manage")
    await ada.sees("Set password", "Delete …", address)
    await ada.press("Set password")
    await ada.sees("Re-roll", address)
    await ada.submit()
    await ada.sees("accepted the new password", address)
    await ada.close()
    await ada.sees("Set password", address)


@on_either
async def test_manage_leads_to_two_factor(sandbox: Sandbox, ada: Screen) -> None:
    address = await somebody(sandbox)
    await opens(ada, "/mail-users", address)
    await ada.press("Manage")
    await ada.sees("Two-factor login")
    await ada.press("Two-factor login")
    await ada.sees("2FA for", address, "is *")


@on_either
async def test_manage_leads_to_the_deletion_and_its_cancelling(sandbox: Sandbox, ada: Screen) -> None:
    address = await somebody(sandbox)
    await opens(ada, "/mail-users", address)
    await ada.press("Manage")
    await ada.sees("Delete …")
    await ada.press("Delete …")
    await ada.sees("Reason")
    await ada.fill("reason", "spring cleaning")
    await ada.submit()
    await ada.sees("is queued")
    await ada.close()
    await ada.close()
    await ada.sees("match", ":hourglass_flowing_sand: pending deletion")
    await ada.press("Manage")
    await ada.sees("Pending deletion.")
    await ada.press("Cancel deletion")
    await ada.sees(f"Cancelled: {address} stays as it is.", "Delete …")
    await ada.close()
    listed = await ada.view(lambda view: ":hourglass" not in text_of(view.content))
    assert listed.state()["search"]["find_users.search"]["value"] == address


@on_either
async def test_viewer_may_look_at_a_user_and_has_no_buttons(sandbox: Sandbox, vic: Screen) -> None:
    address = await somebody(sandbox)
    await opens(vic, "/mail-users", address)
    await vic.press("Manage")
    window = await vic.sees("You may look", address)
    assert all(block["type"] != "actions" for block in window.blocks)
