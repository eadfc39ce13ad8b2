"""What operators do: ask, cancel, release, try again; twice, too late, at the same time, and while the bot dies."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from bot.deletions import Scheduled
from bot.errors import OperatorError
from bot.model import Operator, Target
from tests.deletions.histories import mail
from tests.deletions.histories.acting import ADA, BEN, OLGA, Acting, any_one, operators, orders, pick, points
from tests.deletions.histories.tables import CANCELLABLE
from tests.deletions.histories.told import Form

WANTED = (
    *((one,) for one in (*mail.PEOPLE, *mail.DOMAINS, *mail.ROUTES)),
    *(mail.PEOPLE[first : first + 2] for first in (0, 3, 5)),
    (*mail.PEOPLE[:2], mail.ROUTES[0]),
    mail.PEOPLE[:5],
    mail.PEOPLE[3:],
)
"""What somebody may want deleted at once: one target, several, or more than one person may."""


class Operators(Acting):
    @rule(wanted=st.sampled_from(WANTED), operator=operators)
    def schedule_some(self, wanted: tuple[Target, ...], operator: Operator) -> None:
        self.schedule(operator, wanted)

    @rule(user=st.sampled_from(mail.PEOPLE))
    def schedule_twice_at_once(self, user: Target) -> None:
        """Two operators want the same, at two replicas."""
        forms = [Form(f"form-{len(self.told.forms)}-{who.slack_id}", who, (user,)) for who in (ADA, BEN)]
        self.told.asking = [self.asking(form.operator, form.wanted) for form in forms]
        bots = (self.world.bot, self.world.other)

        async def both() -> list[Scheduled | BaseException]:
            return await asyncio.gather(
                *(self.submit(bot, form) for bot, form in zip(bots, forms, strict=True)),
                return_exceptions=True,
            )

        answers = self.run(both())
        assert all(isinstance(answer, Scheduled | OperatorError) for answer in answers), answers
        assert sum(isinstance(answer, Scheduled) for answer in answers) <= 1, "both have queued it"

    @rule(one=any_one)
    def redeliver_form(self, one: int) -> None:
        if form := pick(self.told.forms, one):
            self.send(form)

    @rule(one=any_one, operator=operators)
    def cancel_one(self, one: int, operator: Operator) -> None:
        row = self.row(one)
        if row is None:
            return
        done = self.run(self.cancel(self.world.bot, operator, row.id))
        assert done == (row.state in CANCELLABLE), f"cancelling {row} was answered with {done}"

    @rule(one=any_one)
    def double_click(self, one: int) -> None:
        row = self.row(one)
        if row is None:
            return

        async def both() -> tuple[bool, bool]:
            return await asyncio.gather(
                self.cancel(self.world.bot, ADA, row.id), self.cancel(self.world.other, BEN, row.id)
            )

        assert sum(self.run(both())) == (row.state in CANCELLABLE), f"both were told the same about {row}"

    @rule(one=any_one, order=orders, after=points, due=st.booleans())
    def cancel_while_it_ticks(self, one: int, order: list[str], after: int, *, due: bool) -> None:
        row = self.row(one)
        if row is None:
            return
        now = self.world.clock.now()
        if due and row.execute_at is not None and row.execute_at > now:
            self.world.clock.advance(row.execute_at - now)

        async def race() -> None:
            ticking = asyncio.ensure_future(self.tick(self.world.bot, order))
            for _ in range(after):
                await asyncio.sleep(0)
            _ = await self.cancel(self.world.other, BEN, row.id)
            await ticking

        self.run(race())

    @rule(one=any_one, operator=operators)
    def cancel_together(self, one: int, operator: Operator) -> None:
        row, bot = self.row(one), self.world.bot
        if row is None:
            return
        if row.is_held:
            self.run(self.cancel_all(bot, operator, str(row.hold_id), of_hold=True))
        else:
            self.run(self.cancel_all(bot, operator, row.request_id, of_hold=False))

    @rule(one=any_one, operator=st.sampled_from((ADA, BEN, OLGA)))
    def release_hold(self, one: int, operator: Operator) -> None:
        row = pick(self.held(), one)
        if row is None:
            return
        done = self.run(self.release(self.world.bot, operator, str(row.hold_id)))
        assert done == (operator is OLGA), f"releasing {row} was answered with {done}"

    @rule(one=any_one, operator=operators, again=st.booleans())
    def retry_or_drop(self, one: int, operator: Operator, *, again: bool) -> None:
        row = pick(self.failed(), one)
        if row is None:
            return
        if again:
            done = self.run(self.retry(self.world.bot, operator, row))
            expected = row.can_retry and not self.is_open(row.target)
        else:
            done = self.run(self.drop(self.world.bot, operator, row))
            expected = row.can_retry
        assert done == expected, f"answered with {done}: {row}"

    @rule(users=st.lists(st.sampled_from(mail.PEOPLE), min_size=1, max_size=3, unique=True), at=points)
    def killed_while_it_schedules(self, users: list[Target], at: int) -> None:
        form = Form(f"form-{len(self.told.forms)}", ADA, tuple(users))
        form.taken = None
        self.told.forms.append(form)
        self.told.asking = [self.asking(ADA, users)]
        self.kill(self._answered(self.submit(self.world.bot, form)), at)

    @rule(one=any_one, what=st.sampled_from(["cancel", "cancel all", "release", "retry"]), at=points)
    def killed_while_it_obeys(self, one: int, what: str, at: int) -> None:
        row, bot = self.row(one), self.world.bot
        if row is None:
            return
        match what:
            case "cancel":
                self.kill(self.cancel(bot, BEN, row.id), at)
            case "cancel all":
                self.kill(self.cancel_all(bot, BEN, row.request_id, of_hold=False), at)
            case "release" if row.is_held:
                self.kill(self.release(bot, OLGA, str(row.hold_id)), at)
            case "retry" if row.state == "failed":
                self.kill(self.retry(bot, BEN, row), at)
            case _:
                pass

    @staticmethod
    async def _answered(work: Coroutine[Any, Any, object]) -> None:
        try:
            _ = await work
        except OperatorError:
            return
