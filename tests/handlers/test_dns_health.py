from datetime import timedelta

from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen, readable
from tests.support.held import a_domain, later, opens


async def test_all_domains_are_checked_now_problems_first(vic: Screen) -> None:
    await opens(vic, "/mail-dns")
    window = await vic.view(lambda view: "Asking DNS now" not in str(view.blocks))
    marks = [block["text"]["text"][0] for block in window.blocks if "accessory" in block]
    assert len(marks) > 1
    assert marks == sorted(marks, key=["❌", "⚠", "❔", "✅"].index)
    assert marks[0] == "❌"


async def test_broken_domain_shows_the_record_to_publish(vic: Screen) -> None:
    await opens(vic, "/mail-dns")
    await vic.view(lambda view: "Asking DNS now" not in str(view.blocks))
    await vic.press("Details")
    await vic.sees("❌", "Publish:", "Type   ", "Value  ", "Check again")
    await vic.press("All domains")
    await vic.sees(" domains: ")


async def test_one_domain_is_checked_by_name(sandbox: Sandbox, vic: Screen) -> None:
    domain = await a_domain(sandbox)
    await opens(vic, "/mail-dns", domain)
    await vic.sees(domain, "Check again")


async def test_unknown_domain_is_said_and_the_known_ones_shown(vic: Screen) -> None:
    await opens(vic, "/mail-dns", "nowhere.example.net")
    await vic.sees("nowhere.example.net is not a domain here")


async def test_digest_is_posted_at_its_hour_once_with_a_row_for_each_domain(
    sandbox: Sandbox, vic: Screen
) -> None:
    await later(sandbox, timedelta(hours=24))
    digest = await vic.message("DNS health", channel="mail-digest")
    (table,) = [block for block in digest.blocks if block["type"] == "table"]
    domains = await sandbox.bot.services.directory.domains()
    assert len(table["rows"]) == len(domains) + 1
    assert [cell["text"] for cell in table["rows"][0]] == ["Domain", "MX", "SPF", "DKIM", "DMARC"]
    assert "Value  v=spf1" in readable(digest)
    await later(sandbox, timedelta(minutes=10))
    assert len(sandbox.slack.channel("mail-digest").messages) == 1
