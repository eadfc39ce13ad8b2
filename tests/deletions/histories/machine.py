"""Histories of the queue: operators, workers, Slack, the mail system, other people and the clock, in any order."""

import asyncio
import sys
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.deletions import Scheduled
from bot.errors import AlreadySubmitted, NotAllowed, OperatorError, TooLate
from bot.model import Operator, Role, Target
from bot.services import Services
from bot.sandbox.slack.workspace import BOT_USER
from tests.deletions.histories import channel, mail, promises
from tests.deletions.histories.journal import Event, Post
from tests.deletions.histories.tables import CANCELLABLE, ENDED, OPEN, Contents, Row
from tests.deletions.histories.told import Asking, Told, Word
from tests.deletions.histories.world import CHANNEL, World

OPERATORS = (Operator("U0ADA", Role.ADMIN), Operator("U0BEN", Role.ADMIN))
ROUNDS = 60
"""So many times the bot may be woken until everything is at rest."""

operators = st.sampled_from(OPERATORS)
any_one = st.integers(0, 40)
orders = st.permutations(("deliver", "upkeep", "execute"))
points = st.integers(1, 60)
"""At which suspension a kill comes."""


class Histories(RuleBasedStateMachine):
    world: World
    """Set by the test that runs this."""

    def __init__(self) -> None:
        super().__init__()
        self.world.begin()
        self.told = Told()
        self.nonces: list[tuple[str, Operator, list[Target], bool]] = []
        self.world.journal.on_event = self._heard
        self.prompt = True
        self.telling: set[asyncio.Task[None]] = set()

    # -- what operators do ------------------------------------------------------------------------------------

    @initialize(prompt=st.booleans())
    def slack_tells(self, prompt: bool) -> None:
        """Whether Slack tells of our messages at once, or when it comes to it."""
        self.prompt = prompt

    @rule(user=st.sampled_from(mail.PEOPLE), operator=operators)
    def schedule_user(self, user: Target, operator: Operator) -> None:
        self._schedule(operator, [user])

    @rule(other=st.sampled_from((*mail.DOMAINS, *mail.ROUTES)), operator=operators)
    def schedule_other(self, other: Target, operator: Operator) -> None:
        self._schedule(operator, [other])

    @rule(
        users=st.lists(st.sampled_from(mail.PEOPLE), min_size=2, max_size=3, unique=True), operator=operators
    )
    def schedule_several(self, users: list[Target], operator: Operator) -> None:
        self._schedule(operator, users)

    @rule(first=st.integers(0, 3), operator=operators)
    def schedule_mass(self, first: int, operator: Operator) -> None:
        """More at once than one person may."""
        self._schedule(operator, list(mail.PEOPLE[first : first + 5]))

    @precondition(lambda self: self.nonces)
    @rule(one=any_one)
    def redeliver_form(self, one: int) -> None:
        nonce, operator, targets, done = self.nonces[one % len(self.nonces)]
        self._schedule(operator, targets, nonce=nonce, spent=done)

    @precondition(lambda self: self.told.before.rows)
    @rule(one=any_one, operator=operators)
    def cancel(self, one: int, operator: Operator) -> None:
        row = self._row(one)
        done = self.run(self._cancel(self.world.bot, operator, row.id))
        assert done == (row.state in CANCELLABLE), f"cancelling {row} was answered with {done}"

    @precondition(lambda self: self.told.before.rows)
    @rule(one=any_one)
    def double_click(self, one: int) -> None:
        row = self._row(one)
        ada, ben = OPERATORS

        async def both() -> list[bool]:
            return await asyncio.gather(
                self._cancel(self.world.bot, ada, row.id), self._cancel(self.world.other, ben, row.id)
            )

        assert sum(self.run(both())) == (row.state in CANCELLABLE), f"both were told the same about {row}"

    @precondition(lambda self: self.told.before.rows)
    @rule(one=any_one, operator=operators)
    def cancel_request(self, one: int, operator: Operator) -> None:
        row = self._row(one)
        self.run(self._cancel_all(operator, row.request_id, of_hold=False))

    @precondition(lambda self: self._held())
    @rule(one=any_one, operator=operators)
    def cancel_hold(self, one: int, operator: Operator) -> None:
        held = self._held()
        self.run(self._cancel_all(operator, str(held[one % len(held)].hold_id), of_hold=True))

    @precondition(lambda self: self._held())
    @rule(one=any_one, operator=operators)
    def release(self, one: int, operator: Operator) -> None:
        held = self._held()
        row = held[one % len(held)]
        told = self.run(self._release(operator, str(row.hold_id)))
        assert told == (operator.slack_id != row.requested_by), f"releasing {row} was answered with {told}"

    @precondition(lambda self: self._failed())
    @rule(one=any_one, operator=operators)
    def retry(self, one: int, operator: Operator) -> None:
        failed = self._failed()
        row = failed[one % len(failed)]
        done = self.run(self._retry(operator, row))
        open_ = any(o.target == row.target and o.state in OPEN for o in self.told.before.rows.values())
        assert done == (row.can_retry and not open_), f"retrying {row} was answered with {done}"

    @precondition(lambda self: self._failed())
    @rule(one=any_one, operator=operators)
    def drop(self, one: int, operator: Operator) -> None:
        failed = self._failed()
        row = failed[one % len(failed)]
        try:
            _ = self.run(self.world.bot.deletions.drop(operator, row.id))
        except TooLate:
            assert not row.can_retry, row

    # -- what the clock does ----------------------------------------------------------------------------------

    @rule(order=orders)
    def tick(self, order: list[str]) -> None:
        self.run(self._tick(self.world.bot, order))

    @rule(orders=st.tuples(orders, orders))
    def tick_two_workers(self, orders: tuple[list[str], list[str]]) -> None:
        async def both() -> None:
            one, other = orders
            _ = await asyncio.gather(self._tick(self.world.bot, one), self._tick(self.world.other, other))

        self.run(both())

    @rule(
        by=st.sampled_from(
            [
                timedelta(minutes=1),
                timedelta(minutes=11),
                timedelta(minutes=59),
                timedelta(hours=2),
                timedelta(hours=23),
                timedelta(hours=25),
                timedelta(days=3),
            ]
        )
    )
    def time_passes(self, by: timedelta) -> None:
        self.world.clock.advance(by)

    @precondition(lambda self: self._next_due())
    @rule(early=st.sampled_from([timedelta(0), timedelta(minutes=1), timedelta(minutes=40)]), order=orders)
    def time_comes(self, early: timedelta, order: list[str]) -> None:
        """Right when something is due, or a little earlier."""
        due = self._next_due()
        assert due is not None, "as the precondition says"
        self.world.clock.advance(max(timedelta(0), due - early - self.world.clock.now()))
        self.run(self._tick(self.world.bot, order))

    # -- what breaks ------------------------------------------------------------------------------------------

    @rule(order=orders, at=points)
    def killed_while_it_ticks(self, order: list[str], at: int) -> None:
        _ = self.kill(self._tick(self.world.bot, order), at)

    # -- at every step ----------------------------------------------------------------------------------------

    @invariant()
    def promises_are_kept(self) -> None:
        _ = promises.check(self.world, self.told)

    def teardown(self) -> None:
        """Everything mends; then the channel must tell the truth about all that happened."""
        if sys.exc_info()[0] is not None:
            return  # it has failed already, or Hypothesis has given it up
        world = self.world
        world.forgive()
        for _ in range(ROUNDS):
            self._tell_all()
            self.run(self._tick(world.bot, ["deliver", "upkeep", "execute", "deliver"]))
            contents = promises.check(world, self.told)
            due = self._next_due()
            if due is None and not world.journal.untold:
                break
            if due is not None and due > world.clock.now():
                world.clock.advance(due - world.clock.now())
        else:
            raise AssertionError(f"no rest: {contents}")
        channel.check(world, self.told, contents)

    # -- how it is done ---------------------------------------------------------------------------------------

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        result = self.world.run(work)
        self._let_slack_tell()
        return result

    def kill(self, work: Coroutine[Any, Any, object], at: int) -> bool:
        killed = self.world.kill(work, at=at)
        self._let_slack_tell()
        return killed

    def _schedule(
        self, operator: Operator, targets: list[Target], *, nonce: str | None = None, spent: bool = False
    ) -> None:
        world = self.world
        graces = world.bot.deletions.graces
        self.told.asking = Asking(
            operator.slack_id,
            {target: graces.of(target.kind) for target in targets},
            {target: mail.sight(world.purelymail, target) for target in targets},
        )
        first = nonce is None
        nonce = nonce or f"form-{len(self.nonces)}"
        at = world.clock.now()
        try:
            scheduled: Scheduled = self.run(
                world.bot.deletions.schedule(operator, nonce=nonce, wanted=targets, reason="left")
            )
        except AlreadySubmitted:
            assert spent, "a form was refused that nobody had sent"
            return
        except OperatorError:
            done = False
        else:
            done = True
            assert not spent, "the same form was taken twice"
            promised = {row.target for row in scheduled.deletions} | {one.target for one in scheduled.refused}
            assert promised == set(targets), "something was neither queued nor refused"
        if first:
            self.nonces.append((nonce, operator, targets, done))
        contents = promises.check(world, self.told)
        if done:
            promises.check_mass(world, contents, operator.slack_id, at)

    async def _cancel(self, bot: Services, operator: Operator, deletion_id: str) -> bool:
        try:
            row = await bot.deletions.cancel(operator, deletion_id)
        except OperatorError:
            return False
        self._note(self.told.cancelled, row.id, operator)
        return True

    async def _cancel_all(self, operator: Operator, subject: str, *, of_hold: bool) -> None:
        queue = self.world.bot.deletions
        try:
            ended = await (queue.cancel_hold if of_hold else queue.cancel_request)(operator, subject)
        except TooLate:
            return
        for row in ended.done:
            self._note(self.told.cancelled, row.id, operator)

    async def _release(self, operator: Operator, hold_id: str) -> bool:
        try:
            ended = await self.world.bot.deletions.release(operator, hold_id)
        except NotAllowed:
            return False
        for row in ended.done:
            self._note(self.told.released, row.id, operator)
        return True

    async def _retry(self, operator: Operator, row: Row) -> bool:
        now = self.world.clock.now()
        try:
            _ = await self.world.bot.deletions.retry(operator, row.id)
        except OperatorError:
            return False
        assert row.finished_at is not None, row
        self._note(self.told.retried, row.id, operator, lately=now - row.finished_at < row.grace)
        return True

    def _note(self, words: dict[str, Word], id_: str, operator: Operator, *, lately: bool = False) -> None:
        words[id_] = Word(
            operator.slack_id, self.world.clock.now(), len(self.world.journal.deletes), lately=lately
        )

    async def _tick(self, bot: Services, order: list[str]) -> None:
        for what in order:
            match what:
                case "deliver":
                    await bot.delivery.run_due()
                case "upkeep":
                    await bot.directory.run_due()
                    await bot.upkeep.run_due()
                case _:
                    await bot.execution.run_due()

    def _heard(self, event: Event) -> None:
        self.world.journal.untold.append(event)

    def _let_slack_tell(self) -> None:
        if self.prompt:
            self._tell_all()

    def _tell_all(self) -> None:
        untold = self.world.journal.untold
        while untold:
            self.world.run(self.world.tell(untold.pop(0)))

    def _row(self, one: int) -> Row:
        rows = list(self.told.before.rows.values())
        return rows[one % len(rows)]

    def _held(self) -> list[Row]:
        return [row for row in self.told.before.rows.values() if row.is_held and row.state in CANCELLABLE]

    def _failed(self) -> list[Row]:
        return [row for row in self.told.before.rows.values() if row.state == "failed"]

    def _next_due(self) -> datetime | None:
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
