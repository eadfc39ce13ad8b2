"""What happens around the operators: time passes, workers run and die, Slack and the mail system fail, people interfere."""

import asyncio
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from bot.model import Target
from bot.sandbox.mail_data import SimulatedUser
from tests.deletions.histories import mail
from tests.deletions.histories.acting import Acting, any_one, orders, pick, points
from tests.deletions.histories.journal import Post
from tests.deletions.histories.tables import ENDED
from tests.deletions.histories.world import CHANNEL, CONFIGS

EVE = "U0EVE"

SLACK_FAULTS: dict[str, dict[str, Any]] = {
    "down": {"status": 503, "body": "<html>Service Unavailable</html>"},
    "slow down": {"status": 429, "retry_after": 30},
    "lost answer": {"drop_response": True},
    "lost request": {"status": 502, "body": ""},
    "perhaps": {"body": {"ok": False, "error": "internal_error"}},
    "archived": {"body": {"ok": False, "error": "is_archived"}},
}
MAIL_FAULTS: dict[str, dict[str, Any]] = {
    "down": {"status": 503},
    "slow down": {"status": 429, "headers": {"Retry-After": "3600"}},
    "lost answer": {"drop_response": True},
    "lie": {"silent_success": True},
    "refusal": {"body": {"type": "error", "code": "refused", "message": "Not today."}},
    "garbage": {"body": "<html>maintenance</html>"},
    "token": {"body": {"type": "error", "code": "invalidToken", "message": "Token not valid."}},
}
PATIENT = ("slow down", "lie", "refusal", "garbage", "token")
"""Faults of calls that only look: the others would be tried again after a real pause, and end as the first of these."""

LOOKING = ("listUser", "listDomains", "listRoutingRules")
MAIL_TROUBLE = (
    *((operation, fault) for operation in sorted(mail.DELETING) for fault in MAIL_FAULTS),
    *((operation, fault) for operation in LOOKING for fault in PATIENT),
)
METHODS = ("chat.postMessage", "chat.update", "chat.getPermalink", "chat.delete", "*")

times = st.integers(1, 3)


class Elsewhere(Acting):
    # -- time and workers -------------------------------------------------------------------------------------

    @rule()
    def jobs_run(self) -> None:
        self.run(self.tick(self.world.bot, ["deliver", "upkeep", "execute", "deliver"]))

    @rule()
    def next_thing_happens(self) -> None:
        self._to_next_due(0)
        self.jobs_run()

    @rule(one=orders, other=orders)
    def tick_two_workers(self, one: list[str], other: list[str]) -> None:
        async def both() -> None:
            _ = await asyncio.gather(self.tick(self.world.bot, one), self.tick(self.world.other, other))

        self.run(both())

    @rule(by=st.sampled_from((0.02, 0.2, 1, 2, 11, 23, 25, 72)))
    def time_passes(self, by: float) -> None:
        self.world.clock.advance(timedelta(hours=by))

    @rule(early=st.sampled_from((0, 0, 1, 40)), order=orders)
    def time_comes(self, early: int, order: list[str]) -> None:
        """Right when something is due, or some minutes earlier."""
        self._to_next_due(early)
        self.run(self.tick(self.world.bot, order))

    @rule(order=orders, at=points)
    def killed_when_time_comes(self, order: list[str], at: int) -> None:
        self._to_next_due(0)
        self.kill(self.tick(self.world.bot, order), at)

    @rule(config=st.sampled_from(sorted(CONFIGS)))
    def restart_with(self, config: str) -> None:
        self.world.running = config

    # -- Slack ------------------------------------------------------------------------------------------------

    @rule(method=st.sampled_from(METHODS), fault=st.sampled_from(sorted(SLACK_FAULTS)), number=times)
    def slack_fails(self, method: str, fault: str, number: int) -> None:
        self.world.server.faults.inject(method, number, SLACK_FAULTS[fault])

    @rule(archived=st.booleans())
    def channel_is_archived(self, *, archived: bool) -> None:
        self.world.slack.channels[CHANNEL].archived = archived

    @rule(one=any_one, number=st.integers(0, 3))
    def slack_tells_of_a_message(self, one: int, number: int) -> None:
        """Once, or several times, or never; in any order."""
        untold = self.world.journal.untold
        if not untold:
            return
        event = untold.pop(one % len(untold))
        if not number:
            self.told.untold.add(event.post.label.subject)
            if event.removed:
                self.told.unseen.add(event.post.ts)
        for _ in range(number):
            self.run(self.world.tell(event))

    # -- people in the channel --------------------------------------------------------------------------------

    @rule(one=any_one)
    def person_removes_a_message(self, one: int) -> None:
        post = pick(self._standing(), one)
        if post is None:
            return
        if post.label.kind == "deletion" and self._has_said_all(post):
            self.told.said.add(post.label.subject)
        notice = self.world.tables.notice(post.label.kind, post.label.subject)
        if notice is not None and notice.ts == post.ts:
            self.told.removed[post.ts] = notice.posted
        self.world.slack.remove(post.channel, post.ts)
        self.run(asyncio.sleep(0))

    @rule(one=any_one)
    def person_replies(self, one: int) -> None:
        """Slack keeps a tombstone for a removed message that has replies."""
        post = pick(self._standing(), one)
        if post is None:
            return
        channel = self.world.slack.channels[post.channel]
        _ = self.world.slack.post(channel, user=EVE, text="Why?", thread_ts=channel.parent(post.ts).ts)

    # -- the mail system --------------------------------------------------------------------------------------

    @rule(what=st.sampled_from(MAIL_TROUBLE), number=times)
    def mail_system_fails(self, what: tuple[str, str], number: int) -> None:
        operation, fault = what
        self.world.purelymail.inject(operation, number, MAIL_FAULTS[fault])

    @rule(gone=st.sampled_from((*mail.PEOPLE, *mail.DOMAINS, *mail.ROUTES)))
    def somebody_deletes(self, gone: Target) -> None:
        if mail.is_there(self.world.purelymail, gone):
            for target in mail.take(self.world.purelymail.account, gone):
                self.told.taken.append((target, len(self.world.journal.deletes)))

    @rule(user=st.sampled_from(mail.PEOPLE))
    def somebody_creates_anew(self, user: Target) -> None:
        account = self.world.purelymail.account
        if user.id not in account.users and user.id.partition("@")[2] in account.domains:
            account.users[user.id] = SimulatedUser(user.id, "another-made-up-password")
            self.told.came_back.append((user, len(self.world.journal.deletes)))

    @rule(domain=st.sampled_from(mail.DOMAINS), what=st.sampled_from(("a user", "a rule", "another target")))
    def somebody_changes_a_domain(self, domain: Target, what: str) -> None:
        account = self.world.purelymail.account
        if domain.id not in account.domains:
            return
        number = 8000 + len(account.users) + len(account.rules)
        match what:
            case "a user":
                address = f"new-{number}@{domain.id}"
                account.users[address] = SimulatedUser(address, "made-up-password")
            case "a rule":
                account.rules[number] = mail.rule(number, domain.id, f"new-{number}")
            case _:
                for rule_ in account.rules.values():
                    if rule_["domainName"] == domain.id:
                        rule_["targetAddresses"] = [*rule_["targetAddresses"], f"more@{domain.id}"]

    # -- what is there ----------------------------------------------------------------------------------------

    def _to_next_due(self, early: int) -> None:
        due = self.next_due()
        if due is not None:
            until = due - timedelta(minutes=early) - self.world.clock.now()
            self.world.clock.advance(max(timedelta(0), until))

    def _standing(self) -> list[Post]:
        return [post for post in reversed(self.world.journal.posts) if post.stands]

    def _has_said_all(self, post: Post) -> bool:
        """Whether this is the notice, it shows the end, and nothing can follow."""
        notice = self.world.tables.notice("deletion", post.label.subject)
        rows = [row for row in self.world.tables.rows().values() if row.request_id == post.label.subject]
        over = all(row.state in ENDED and not row.can_retry for row in rows)
        return notice is not None and notice.ts == post.ts and notice.posted >= notice.wanted and over
