"""What all rules share: acting in the world, noting what people were told, and judging after each step."""

import sys
from collections import Counter
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant
from typing_extensions import override

from bot.deletions import Scheduled
from bot.errors import AlreadySubmitted, NotAllowed, OperatorError, TooLate
from bot.model import Operator, Role, Target
from bot.services import Services
from tests.deletions.histories import channel, mail, promises
from tests.deletions.histories.tables import CANCELLABLE, OPEN, Contents, Row
from tests.deletions.histories.told import Asking, Form, Told, Word
from tests.deletions.histories.world import World

ADA, BEN = Operator("U0ADA", Role.ADMIN), Operator("U0BEN", Role.ADMIN)
OLGA = Operator("U0OLGA", Role.OWNER)
ROUNDS = 60
"""So many times the bot may be woken until everything is at rest."""

WANTED_FIRST = {
    "one user": mail.PEOPLE[:1],
    "three users": mail.PEOPLE[:3],
    "too many users": mail.PEOPLE[:5],
    "a domain": mail.DOMAINS[1:],
    "a rule": mail.ROUTES[:1],
    "nothing": (),
}
STARTS = (*WANTED_FIRST, "a release", "a removal", "a failure", "a retry", "a warning", "an open outcome")
"""What has happened before a history begins."""

operators = st.sampled_from((ADA, BEN))
any_one = st.integers(0, 40)
points = st.integers(1, 80)
"""At which suspension a kill comes."""
orders = st.permutations(("deliver", "upkeep", "execute"))

T = TypeVar("T")


def pick(among: Sequence[T], one: int) -> T | None:
    """One of them; None if there is none.

    Rules have no preconditions: what is there may depend on what the network was quicker with, and Hypothesis must be
    able to tell the same history again.
    """
    return among[one % len(among)] if among else None


class Acting(RuleBasedStateMachine):
    world: ClassVar[World]
    """Set by whoever runs this."""
    seen: ClassVar[Counter[str]] = Counter()
    """What has happened in all histories that were told to their end."""

    def __init__(self) -> None:
        super().__init__()
        self.world.begin()
        self.told = Told()
        self.prompt = True

    @initialize(prompt=st.booleans(), start=st.sampled_from(STARTS))
    def begin(self, *, prompt: bool, start: str) -> None:
        """Whether Slack tells of our messages at once, or when it comes to it; and what has happened before."""
        self.prompt = prompt
        if wanted := WANTED_FIRST.get(start, ()):
            self.schedule(ADA, wanted)
        match start:
            case "a release":
                self.schedule(ADA, mail.PEOPLE[:5])
                assert self.run(self.release(self.world.bot, OLGA, str(self.held()[0].hold_id)))
            case "a removal":
                self.schedule(ADA, mail.PEOPLE[:1])
                self.run(self.tick(self.world.bot, ["deliver"]))
                notice = self.world.journal.posts[0]
                self.world.slack.remove(notice.channel, notice.ts)
                self.run(self.tick(self.world.bot, ["deliver"]))
            case "a warning":
                self.schedule(ADA, mail.PEOPLE[:1])
                self.run(self.tick(self.world.bot, ["deliver"]))
                self.world.clock.advance(self.world.config.grace - timedelta(minutes=30))
                self.run(self.tick(self.world.bot, ["upkeep", "deliver"]))
            case "a failure" | "a retry":
                self.world.purelymail.inject("deleteUser", 1, {"silent_success": True})
                self._half_way()
                (row,) = promises.check(self.world, self.told).rows.values()
                assert start == "a failure" or self.run(self.retry(self.world.bot, BEN, row))
            case "an open outcome":
                self.world.purelymail.inject("deleteUser", 1, {"drop_response": True})
                self._half_way(blind=True)
            case _:
                pass

    def _half_way(self, *, blind: bool = False) -> None:
        """A deletion whose time has come; `blind`: the mail system can't be asked afterwards what became of it."""
        self.schedule(ADA, mail.PEOPLE[:1])
        self.world.clock.advance(self.world.config.grace)
        if blind:
            # It is seen to be there before, and not any more after.
            self.world.purelymail.inject("listUser", 1, {})
            self.world.purelymail.inject("listUser", 1, {"body": "<html>maintenance</html>"})
        self.run(self.world.bot.execution.run_due())

    @invariant()
    def promises_are_kept(self) -> None:
        _ = promises.check(self.world, self.told)

    @override
    def teardown(self) -> None:
        """Everything mends; then the channel must tell the truth about all that happened."""
        if sys.exc_info()[0] is not None:
            return  # it has failed already, or Hypothesis has given it up
        world = self.world
        world.forgive()
        for _ in range(ROUNDS):
            self.tell_all()
            self.run(self.tick(world.bot, ["deliver", "upkeep", "execute", "deliver"]))
            contents = promises.check(world, self.told)
            due = self.next_due()
            if due is None and not world.journal.untold:
                break
            if due is not None and due > world.clock.now():
                world.clock.advance(due - world.clock.now())
        else:
            raise AssertionError(f"no rest: {contents}")
        channel.check(world, self.told, contents)
        self._remember(contents)

    def _remember(self, contents: Contents) -> None:
        journal, rows = self.world.journal, contents.rows.values()
        self.seen.update(row.state for row in rows)
        self.seen["histories"] += 1
        self.seen["calls to delete"] += len(journal.deletes)
        self.seen["deletions by the mail system"] += sum(call.had_effect for call in journal.deletes)
        self.seen["kills"] += self.world.kills
        self.seen["released"] += sum(row.released_by is not None for row in rows)
        self.seen["retried"] += len(self.told.retried)
        requests = Counter(post.label.subject for post in journal.posts if post.label.kind == "deletion")
        self.seen["second messages"] += sum(number > 1 for number in requests.values())
        self.seen["reminders"] += sum(post.label.kind == "reminder" for post in journal.posts)
        self.seen["troubles"] += sum(post.label.kind == "trouble" for post in journal.posts)

    # -- running ----------------------------------------------------------------------------------------------

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        result = self.world.run(work)
        if self.prompt:
            self.tell_all()
        return result

    def kill(self, work: Coroutine[Any, Any, object], at: int) -> None:
        self.world.kill(work, at=at)
        if self.prompt:
            self.tell_all()

    def tell_all(self) -> None:
        untold = self.world.journal.untold
        while untold:
            self.world.run(self.world.tell(untold.pop(0)))

    async def tick(self, bot: Services, order: Sequence[str]) -> None:
        """What the jobs do when they are woken; the listing before what it may end."""
        for what in order:
            match what:
                case "deliver":
                    await bot.delivery.run_due()
                case "upkeep":
                    await bot.directory.run_due()
                    await bot.upkeep.run_due()
                case _:
                    await bot.execution.run_due()

    # -- what operators ask -----------------------------------------------------------------------------------

    def asking(self, operator: Operator, wanted: Sequence[Target]) -> Asking:
        graces = self.world.bot.deletions.graces
        return Asking(
            operator.slack_id,
            {target: graces.of(target.kind) for target in wanted},
            {target: mail.sight(self.world.purelymail, target) for target in wanted},
        )

    def schedule(self, operator: Operator, wanted: Sequence[Target]) -> None:
        form = Form(f"form-{len(self.told.forms)}", operator, tuple(wanted))
        self.told.forms.append(form)
        self.send(form)

    def send(self, form: Form) -> None:
        world, operator = self.world, form.operator
        self.told.asking = [self.asking(operator, form.wanted)]
        at = world.clock.now()
        try:
            scheduled = self.run(self.submit(world.bot, form))
        except AlreadySubmitted:
            assert form.taken is not False, "a form was refused that nobody had sent"
            return
        except OperatorError:
            form.taken = form.taken or False
            return
        assert form.taken is not True, "the same form was taken twice"
        form.taken = True
        answered = {row.target for row in scheduled.deletions} | {one.target for one in scheduled.refused}
        assert answered == set(form.wanted), "something was neither queued nor refused"
        contents = promises.check(world, self.told)
        promises.check_mass(world, contents, operator.slack_id, at)

    async def submit(self, bot: Services, form: Form) -> Scheduled:
        return await bot.deletions.schedule(
            form.operator, nonce=form.nonce, wanted=form.wanted, reason="left the company"
        )

    async def cancel(self, bot: Services, operator: Operator, deletion_id: str) -> bool:
        try:
            row = await bot.deletions.cancel(operator, deletion_id)
        except OperatorError:
            return False
        self._note(self.told.cancelled, row.id, operator)
        return True

    async def cancel_all(self, bot: Services, operator: Operator, subject: str, *, of_hold: bool) -> None:
        try:
            ended = await (bot.deletions.cancel_hold if of_hold else bot.deletions.cancel_request)(
                operator, subject
            )
        except TooLate:
            return
        for row in ended.done:
            self._note(self.told.cancelled, row.id, operator)

    async def release(self, bot: Services, operator: Operator, hold_id: str) -> bool:
        try:
            ended = await bot.deletions.release(operator, hold_id)
        except (NotAllowed, TooLate):
            return False
        for row in ended.done:
            self._note(self.told.released, row.id, operator)
        return True

    async def retry(self, bot: Services, operator: Operator, row: Row) -> bool:
        now = self.world.clock.now()
        assert row.finished_at is not None, row
        try:
            _ = await bot.deletions.retry(operator, row.id)
        except OperatorError:
            return False
        self._note(self.told.retried, row.id, operator, lately=now - row.finished_at < row.grace)
        return True

    async def drop(self, bot: Services, operator: Operator, row: Row) -> bool:
        try:
            _ = await bot.deletions.drop(operator, row.id)
        except OperatorError:
            return False
        return True

    def _note(self, words: dict[str, Word], id_: str, operator: Operator, *, lately: bool = False) -> None:
        words[id_] = Word(
            operator.slack_id, self.world.clock.now(), len(self.world.journal.deletes), lately=lately
        )

    # -- what is there ----------------------------------------------------------------------------------------

    def row(self, one: int) -> Row | None:
        """Some deletion, the newest first."""
        return pick(list(reversed(self.told.before.rows.values())), one)

    def held(self) -> list[Row]:
        return [row for row in self.told.before.rows.values() if row.is_held and row.state in CANCELLABLE]

    def failed(self) -> list[Row]:
        return [row for row in self.told.before.rows.values() if row.state == "failed"]

    def is_open(self, target: Target) -> bool:
        return any(row.target == target and row.state in OPEN for row in self.told.before.rows.values())

    def next_due(self) -> datetime | None:
        """When the bot has something to do next; None if never."""
        contents = self.world.tables.contents()
        moments = []
        for row in contents.rows.values():
            if row.state == "executing":
                moments.append(row.lease_until or self.world.clock.now())
            elif row.state == "pending" and row.execute_at is not None:
                moments.append(max(row.execute_at, row.lease_until or row.execute_at))
        for notice in contents.notices.values():
            if notice.wanted > notice.posted:
                certain = None if notice.seen_ts is not None else notice.open_until
                others = [moment for moment in (notice.lease_until, certain) if moment is not None]
                moments.append(max([notice.next_try_at, *others]))
        return min(moments, default=None)
