"""The report on one domain: what is stored, at once → looked at now → every finding, and the records to publish."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block, ButtonElement
from slack_sdk.models.views import View

from bot.dns.announcements import not_here
from bot.dns.strip import in_words
from bot.errors import NotFound
from bot.model import DomainHealth, Finding, Grade, MailDomain, Role
from bot.services import Services
from bot.storage.alerts import Mute
from handlers import blocks, dns_words
from handlers.listening import listener
from handlers.turn import Turn

DETAILS = "dns_health.details"
MUTE = "dns_health.mute"
UNMUTE = "dns_health.unmute"
OVERVIEW = "dns_health.overview"
VIEW = "dns_report"

TITLE = "DNS health"
MUTED_FOR = timedelta(hours=24)
MOST_BLOCKS = 80
"""Of findings; a view holds 100 blocks in all."""

_STRIP: Mapping[Grade | None, str] = {
    Grade.OK: "▁",
    Grade.INFO: "▁",
    Grade.UNKNOWN: "?",
    Grade.WARN: "▄",
    Grade.FAIL: "█",
    None: "·",
}


@dataclass(frozen=True, slots=True)
class Report:
    """`health` is None where nobody has looked yet. `history`: the worst of each of the last 30 days, today last."""

    domain: MailDomain
    health: DomainHealth | None
    history: Sequence[Grade | None] = ()
    mute: Mute | None = None
    may_mute: bool = False
    several: bool = False


def register(app: AsyncApp, services: Services) -> None:
    app.action(DETAILS)(listener(services, look, need=Role.VIEWER))
    app.action(MUTE)(listener(services, mute, need=Role.ADMIN, fresh=True))
    app.action(UNMUTE)(listener(services, unmute, need=Role.ADMIN, fresh=True))


def reference(account: str, domain: str) -> str:
    """A domain as the value of a button."""
    return f"{domain} {account}"


async def named(turn: Turn, value: str) -> MailDomain:
    """The domain that a button is about. Raises NotFound."""
    name, _, account = value.partition(" ")
    for domain in await turn.services.directory.domains():
        if (domain.name, domain.account) == (name, account):
            return domain
    raise NotFound(not_here(name))


async def open_report(turn: Turn, domain: MailDomain) -> None:
    """Open the report in a window of its own, and look at the domain now."""
    await turn.open(window(await stored(turn, domain), asking=True))
    await check(turn, domain)


async def look(turn: Turn) -> None:
    await turn.ack()
    domain = await named(turn, turn.value)
    await turn.show(window(await stored(turn, domain), asking=True))
    await check(turn, domain)


async def check(turn: Turn, domain: MailDomain) -> None:
    """Look at the domain now, and bring the open report up to date."""
    shown = turn.modal.hash
    seen = await turn.services.dns.check(domain)
    report = await stored(turn, await named(turn, reference(domain.account, domain.name)))
    if dns_words.is_blind(seen):
        view = window(
            report, problem=" ".join(filter(None, [seen.findings[0].summary, seen.findings[0].why]))
        )
    else:
        # What is stored has the mail system's newest verdict, which may have come of this look.
        verdict = report.domain.provider_verdict
        view = window(replace(report, health=replace(seen, provider_verdict=verdict)))
    # Somebody who has gone on to another page or domain meanwhile is not thrown back.
    await turn.show(view, hash=shown)


async def mute(turn: Turn) -> None:
    await turn.ack()
    domain = await named(turn, turn.value)
    names = {(domain.account, domain.name)}
    _ = await turn.services.announcements.mute(turn.operator, names, length=MUTED_FOR)
    await turn.show(window(await stored(turn, domain)))


async def unmute(turn: Turn) -> None:
    await turn.ack()
    domain = await named(turn, turn.value)
    _ = await turn.services.announcements.unmute(turn.operator, {(domain.account, domain.name)})
    await turn.show(window(await stored(turn, domain)))


async def stored(turn: Turn, domain: MailDomain) -> Report:
    """What is known of the domain, without asking anybody."""
    name = (domain.account, domain.name)
    history = await turn.services.dns.history(name)
    return Report(
        domain,
        await turn.services.dns.last_seen(domain),
        history.get(name, ()),
        (await turn.services.announcements.muted()).get(name),
        turn.operator.role >= Role.ADMIN,
        turn.several,
    )


def entry(health: DomainHealth, *, several: bool = False, mute: Mute | None = None) -> Block:
    """A domain among others: how it is, its worst problem, and a button to its report."""
    label = dns_words.label(health.account, health.domain, several=several)
    lines = [
        f"{dns_words.MARKS[health.grade]} *{blocks.escape(label, 400)}*{'' if mute is None else '   🔕 muted'}",
        dns_words.marks(health),
    ]
    wrong = dns_words.problems(health)
    if wrong:
        once = "" if wrong[0].confirmed else "Seen once: "
        lines.append(f"{once}{blocks.escape(wrong[0].summary, 160)}")
    return blocks.section("\n".join(lines), accessory=details_button(health.account, health.domain))


def details_button(account: str, domain: str, text: str = "Details") -> ButtonElement:
    return blocks.button(text, DETAILS, value=reference(account, domain))


def window(report: Report, *, asking: bool = False, problem: str | None = None) -> View:
    domain = report.domain
    label = dns_words.label(domain.account, domain.name, several=report.several)
    parts: list[Block] = [] if problem is None else blocks.problem(problem)
    parts.append(blocks.header(label))
    if (in_dns := dns_words.ascii_name(domain.name)) != dns_words.readable(domain.name):
        parts.append(blocks.context(f"In DNS: {blocks.code(in_dns)}"))
    if asking:
        parts.append(blocks.context("Asking DNS now. This window is brought up to date in a moment."))
    if report.mute is not None:
        parts.append(
            blocks.context(
                f"🔕 Muted until {blocks.date(report.mute.until)} by <@{report.mute.by}>: no alerts."
            )
        )
    if report.health is None:
        parts.append(blocks.words("Nobody has looked at this domain yet."))
    else:
        parts += _findings(report.health)
    parts += _history(report)
    parts.append(blocks.actions(*_buttons(report)))
    return blocks.modal(TITLE, parts, callback_id=VIEW)


def _findings(health: DomainHealth) -> list[Block]:
    """All of them, problems first, each with what mends it."""
    wrong = dns_words.problems(health)
    others = [finding for finding in health.findings if finding not in wrong]
    silent = [finding for finding in others if finding.grade is Grade.UNKNOWN]
    parts: list[Block] = [blocks.section(_standing(health, wrong, silent))]
    for number, finding in enumerate([*wrong, *silent]):
        made = _explained(finding, health)
        if len(parts) + len(made) > MOST_BLOCKS:
            left = len(wrong) + len(silent) - number
            parts.append(blocks.context(f"There are {left} more: mend these first, and look again."))
            break
        parts += made
    differing = dns_words.differences(health)
    if differing is not None:
        parts.append(blocks.section(blocks.escape(differing)))
    parts += _lines("*Fine*", [finding for finding in others if finding.grade is Grade.OK], blocks.section)
    parts += _lines("Notes", [finding for finding in others if finding.grade is Grade.INFO], blocks.context)
    looked = f"Looked at {blocks.date(health.checked_at)}."
    if health.next_look_at is not None:
        looked += f" The next look is {blocks.date(health.next_look_at)}, or soon after."
    parts.append(blocks.context(looked))
    return parts


def _standing(health: DomainHealth, wrong: Sequence[Finding], silent: Sequence[Finding]) -> str:
    once = sum(not finding.confirmed for finding in wrong)
    sure = [finding.grade for finding in wrong if finding.confirmed]
    number = {
        "failing": sure.count(Grade.FAIL),
        "at risk": sure.count(Grade.WARN),
        "seen once": once,
        "without an answer": sure.count(Grade.UNKNOWN) + len(silent),
    }
    told = [f"{count} {what}" for what, count in number.items() if count]
    if not told:
        return f"{dns_words.MARKS[Grade.OK]} All is well."
    return f"{dns_words.MARKS[health.grade]} Findings: {', '.join(told)}."


def _explained(finding: Finding, health: DomainHealth) -> list[Block]:
    """A finding, since when, what was found, and the records that mend it, ready to copy."""
    parts: list[Block] = [
        blocks.section(f"{dns_words.explain(finding)} {_certainty(finding, health)}".rstrip())
    ]
    if finding.found:
        parts += [blocks.context("Found:"), blocks.preformatted("\n".join(finding.found))]
    if finding.publish:
        text = "\n\n".join(dns_words.record(wanted) for wanted in finding.publish)
        parts += [blocks.context("Publish:"), blocks.preformatted(text)]
    return parts


def _certainty(finding: Finding, health: DomainHealth) -> str:
    """Since when it is so, and whether it is believed."""
    since = "" if finding.since is None else f" since {blocks.date(finding.since)}"
    if finding.grade is Grade.UNKNOWN:
        if finding.confirmed:
            return f"No answer{since}." if since else ""
        return (
            f"No answer{since}; what was seen before still counts."
            if since
            else "What was seen before still counts."
        )
    if finding.confirmed:
        return "" if finding.since is None else f"Since {blocks.date(finding.since)}."
    again = "" if health.next_look_at is None else f" {blocks.date(health.next_look_at)}"
    once = "" if finding.since is None else f" {blocks.date(finding.since)}"
    return f"_Seen once{once}; it is looked at again{again}. Nothing is called bad before it was seen twice._"


def _lines(heading: str, findings: Iterable[Finding], make: Callable[[str], Block]) -> list[Block]:
    lines = [heading]
    for finding in findings:
        line = f"• {dns_words.NAMES[finding.subject]}: {blocks.escape(finding.summary, 250)}"
        if sum(map(len, lines)) + len(line) + len(lines) > blocks.SECTION - 40:
            break
        lines.append(line)
    return [make("\n".join(lines))] if len(lines) > 1 else []


def _history(report: Report) -> list[Block]:
    if not any(report.history):
        return []
    strip = "".join(_STRIP[state] for state in report.history)
    days = len(report.history)
    words = in_words(dns_words.readable(report.domain.name), report.history)
    return [
        blocks.section(f"*The last {days} days, today last*\n`{strip}`"),
        blocks.context(f"{blocks.escape(words, 1000)} ▁ fine, ▄ at risk, █ fails, ? no answer, · no look."),
    ]


def _buttons(report: Report) -> list[ButtonElement]:
    value = reference(report.domain.account, report.domain.name)
    made = [blocks.button("Recheck", DETAILS, value=value)]
    if report.may_mute and report.mute is not None:
        made.append(blocks.button("Unmute", UNMUTE, value=value))
    elif report.may_mute:
        made.append(blocks.button("Mute 24 h", MUTE, value=value))
    return [*made, blocks.button("All domains", OVERVIEW)]
