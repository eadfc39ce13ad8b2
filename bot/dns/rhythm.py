"""When digests are due: every day, or on one day of the week, at an hour of a time zone."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.directory import last_time

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Rhythm:
    """`weekday`: one of WEEKDAYS, or "" for every day."""

    at: time
    zone: ZoneInfo
    weekday: str = ""

    def last(self, now: datetime) -> datetime:
        """The newest moment not after `now` at which one was due; on days of changed clocks as in `last_time`."""
        moment = last_time(self.at, self.zone, now)
        if not self.weekday:
            return moment
        day = moment.astimezone(self.zone).date()
        back = (day.weekday() - WEEKDAYS.index(self.weekday)) % 7
        return datetime.combine(day - timedelta(days=back), self.at, self.zone).astimezone(now.tzinfo)

    def next(self, now: datetime) -> datetime:
        """The first moment after `now` at which one is due."""
        today = now.astimezone(self.zone).date()
        for ahead in range(9):
            day = today + timedelta(days=ahead)
            moment = datetime.combine(day, self.at, self.zone).astimezone(now.tzinfo)
            if moment > now and self.weekday in {"", WEEKDAYS[day.weekday()]}:
                return moment
        raise AssertionError("a week has all its days")

    def slot(self, now: datetime) -> str:
        """What the newest one is called: the date on which it was due."""
        return self.last(now).astimezone(self.zone).date().isoformat()
