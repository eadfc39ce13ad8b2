"""A new routing rule or alias: New rule … → which addresses, and where their mail goes → a preview → made, and read back.

The form is sent twice: the first time for the preview, which then stands above it; the second time, unchanged, for good.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import (
    Block,
    InputBlock,
    Option,
    PlainTextInputElement,
    RadioButtonsElement,
)
from slack_sdk.models.views import View

from bot import addresses
from bot.errors import AlreadyExists, DeletionOpen, InvalidInput, NotPossible
from bot.model import Capability, MailDomain, Role
from bot.providers.base import RoutingRule
from bot.routes import KINDS, RouteKind, Wanted
from bot.routing import DOMAIN, KIND, MATCH, TARGETS
from bot.services import Services
from handlers import blocks, domain_picker, route_words, user_picker
from handlers.listening import listener
from handlers.payloads import OpenView, pack
from handlers.turn import Turn

ASK = "create_route.ask"
FORM = "create_route"
DONE = "create_route.done"
DOMAIN_ACTION = "create_route.domain"
KIND_ACTION = "create_route.kind"
MATCH_ACTION = "create_route.match"
TARGETS_ACTION = "create_route.targets"

TITLE = "New routing rule"
LONGEST = 3000
"""Characters that a text input holds (docs.slack.dev)."""

_KINDS = {
    RouteKind.EXACT: ("One address", "info: mail to info@ and no other"),
    RouteKind.PREFIX: ("All that begin with …", "sales-: mail to sales-eu@, sales-us@ and so on"),
    RouteKind.CATCH_ALL: ("All that are no mail users", "A catch-all, for mistyped names too"),
    RouteKind.ANY: ("All, those of mail users too", "Their mailboxes get nothing any more"),
}
_RULES_ONLY = KINDS[Capability.ROUTING_RULES] - KINDS[Capability.ALIASES]


@dataclass(frozen=True, slots=True)
class Entries:
    """What the form is filled with. `domain` is an option's value, "" if none is chosen."""

    domain: str = ""
    kind: RouteKind = RouteKind.EXACT
    match: str = ""
    targets: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """What the form offers: the domains of those accounts that can do it, and what these can do."""

    domains: Sequence[MailDomain] = ()
    capabilities: Collection[Capability] = field(default_factory=frozenset)
    several: bool = False


def register(app: AsyncApp, services: Services) -> None:
    app.action(ASK)(listener(services, ask, need=Role.ADMIN))
    app.options(DOMAIN_ACTION)(listener(services, domain_picker.offer, need=Role.ADMIN))
    app.view(FORM)(listener(services, submit, need=Role.ADMIN, fresh=True))


async def ask(turn: Turn) -> None:
    await turn.ack()
    offer = await _offer(turn)
    only = domain_picker.value(offer.domains[0]) if len(offer.domains) == 1 else ""
    await turn.open(form(offer, Entries(only), place=turn.place))


async def submit(turn: Turn) -> None:
    sent = turn.modal
    entries = entries_of(sent)

    async def back(message: str) -> View:
        return form(await _offer(turn), entries, top=blocks.problem(message), place=sent.place)

    turn.recover = back
    wanted = parse(entries)
    is_seen = sent.metadata.get("seen") == wanted.fingerprint

    async def look() -> View:
        try:
            seen = await turn.services.routing.preview(wanted)
        except (AlreadyExists, DeletionOpen) as error:
            raise InvalidInput(str(error), field=_place(wanted)) from error
        top = route_words.preview(seen, turn.services.routing.title(wanted.account))
        return form(await _offer(turn), entries, top=top, seen=wanted.fingerprint, place=sent.place)

    async def create() -> View:
        try:
            made = await turn.services.routing.create(
                turn.operator, nonce=str(sent.metadata.get("nonce", "")), wanted=wanted
            )
        except (AlreadyExists, DeletionOpen) as error:
            raise InvalidInput(str(error), field=_place(wanted)) from error
        return done(made, turn.services.routing.title(wanted.account), place=sent.place)

    told = "Creating the rule …" if is_seen else "Looking what that would come to …"
    await turn.carry_out(
        create() if is_seen else look(),
        working=blocks.modal(TITLE, [blocks.words(told)], callback_id=f"{FORM}.working"),
        lost=f"The rule was created: {route_words.does(wanted.rule)}"
        if is_seen
        else "The window was closed before the preview: no rule was created.",
        twice=is_seen,
    )


def form(
    offer: Offer, entries: Entries, *, top: Sequence[Block] = (), seen: str = "", place: str = ""
) -> View:
    """A form to be sent once. `top`: a problem, or the preview of the rule with the fingerprint `seen`.

    `place`: see handlers/place.py.
    """
    if not offer.domains:
        return blocks.modal(
            TITLE,
            [blocks.words("Mailwarden has not read the list of domains yet. Try again in a minute.")],
            callback_id=FORM,
        )
    return blocks.modal(
        TITLE,
        [
            *top,
            *([blocks.divider()] if seen else []),
            domain_picker.picker(
                offer.domains, entries.domain, several=offer.several, action_id=DOMAIN_ACTION
            ),
            _kind_input(offer, entries.kind),
            _match_input(entries.match),
            user_picker.multi_picker(label="Its mail goes to these mail users"),
            _targets_input(entries.targets),
        ],
        callback_id=FORM,
        submit="Create rule" if seen else "Preview",
        close="Cancel",
        metadata=pack(nonce=uuid.uuid4().hex, seen=seen, place=place),
    )


def entries_of(view: OpenView) -> Entries:
    """What is entered. The mail users that are picked are written among the other targets."""
    typed = view.text(TARGETS, TARGETS_ACTION)
    picked = [
        user_picker.read_reference(value)[1] for value in view.choices(user_picker.USERS, user_picker.SEARCH)
    ]
    kind = view.choice(KIND, KIND_ACTION)
    return Entries(
        domain=view.choice(DOMAIN, DOMAIN_ACTION),
        kind=RouteKind(kind) if kind in list(RouteKind) else RouteKind.EXACT,
        match=view.text(MATCH, MATCH_ACTION).strip()[:320],
        targets="\n".join(dict.fromkeys([*filter(None, picked), *_words(typed)])),
    )


def parse(entries: Entries) -> Wanted:
    """Raises InvalidInput at the field that is wrong."""
    domain, _, account = entries.domain.partition(" ")
    if not account:
        raise InvalidInput("Pick a domain.", field=DOMAIN)
    if len(entries.targets) > LONGEST:
        raise InvalidInput(
            f"That is more than one form holds: {LONGEST} characters. Send it to fewer addresses.",
            field=TARGETS,
        )
    targets = []
    for word in entries.targets.split():
        address = addresses.parse(word)
        if address is None:
            raise InvalidInput(f"{blocks.cut(word, 100)} is not an address.", field=TARGETS)
        targets.append(address)
    if not targets:
        raise InvalidInput("Pick a mail user above, or write an address here.", field=TARGETS)
    return Wanted(account, domain, entries.kind, _match(entries, domain), tuple(dict.fromkeys(targets)))


def done(made: RoutingRule, title: str, *, place: str = "") -> View:
    return blocks.modal(
        "Rule created",
        [
            blocks.success(f"Done, and read back from {title}."),
            blocks.section(route_words.does(made)),
            blocks.context("To take it back, use Delete in /mail-routes."),
        ],
        callback_id=DONE,
        close="Done",
        metadata=pack(place=place),
        tells=True,
    )


def _match(entries: Entries, domain: str) -> str:
    match, at, rest = entries.match.lower().partition("@")
    if at and addresses.in_ascii(rest) != domain:
        raise InvalidInput("Type only the part before the @; the domain is picked above.", field=MATCH)
    if entries.kind in {RouteKind.CATCH_ALL, RouteKind.ANY}:
        if match.strip("*"):
            raise InvalidInput("Leave this empty: all addresses of the domain are meant.", field=MATCH)
        return ""
    if entries.kind is RouteKind.PREFIX:
        match = match.removesuffix("*")
    if not match:
        raise InvalidInput("Type the part before the @, or its beginning.", field=MATCH)
    return match


def _words(typed: str) -> list[str]:
    """What is written among the targets, however it is separated."""
    return [
        word.strip("<>") for word in typed.replace(",", " ").replace(";", " ").split() if word.strip("<>")
    ]


def _place(wanted: Wanted) -> str:
    """The field that names what is taken."""
    return MATCH if wanted.match else KIND


async def _offer(turn: Turn) -> Offer:
    services = turn.services
    accounts = services.routing.accounts
    if not accounts:
        raise NotPossible("None of the mail systems here has routing rules or aliases.")
    return Offer(
        [domain for domain in await services.directory.domains() if domain.account in accounts],
        await services.users.offered(),
        turn.several,
    )


def _kind_input(offer: Offer, chosen: RouteKind) -> Block:
    possible = [
        kind for kind in _KINDS if any(kind in KINDS[one] for one in KINDS if one in offer.capabilities)
    ]
    mixed = all(one in offer.capabilities for one in KINDS)
    options = {kind: _option(kind, not_everywhere=mixed and kind in _RULES_ONLY) for kind in possible}
    return InputBlock(
        block_id=KIND,
        label="Which addresses",
        element=RadioButtonsElement(
            action_id=KIND_ACTION, options=list(options.values()), initial_option=options.get(chosen)
        ),
    )


def _option(kind: RouteKind, *, not_everywhere: bool) -> Option:
    text, meaning = _KINDS[kind]
    told = f"{meaning} (not on a box)" if not_everywhere else meaning
    return Option(
        text=blocks.plain(text, blocks.OPTION),
        value=kind.value,
        description=blocks.plain(told, blocks.OPTION),
    )


def _match_input(match: str) -> Block:
    return InputBlock(
        block_id=MATCH,
        label="Address, or how it begins",
        hint="The part before the @. Leave it empty where all addresses of the domain are meant.",
        optional=True,
        element=PlainTextInputElement(
            action_id=MATCH_ACTION,
            initial_value=match or None,
            placeholder=blocks.plain("sales-"),
            max_length=320,
        ),
    )


def _targets_input(targets: str) -> Block:
    return InputBlock(
        block_id=TARGETS,
        label="And to these addresses",
        hint="Any address, here or elsewhere; one a line.",
        optional=True,
        element=PlainTextInputElement(
            action_id=TARGETS_ACTION,
            initial_value=blocks.cut(targets, LONGEST) or None,
            multiline=True,
            max_length=LONGEST,
        ),
    )
