"""What messages of the bot are about."""

from enum import StrEnum


class NoticeKind(StrEnum):
    """What a message is about. The subject id says which one."""

    DELETION = "deletion"
    """A request to delete: one target or several. Subject: the request's id."""
    REMINDER = "reminder"
    """The warning in the thread of that notice before its time comes. Subject: the request's id."""
    HOLD = "hold"
    """A mass deletion that waits for somebody else to release it. Subject: the hold's id."""
    TROUBLE = "trouble"
    """Why a request's notice can't be posted, for the fallback channel. Subject: the request's id."""
    TROUBLE_DIRECT = "trouble_direct"
    """The same for the person who asked."""
    DIGEST = "digest"
    DNS_ALERT = "dns_alert"
    """Domains that broke or are good again. Subject: the alert's id."""
    OUTAGE = "outage"
    """An account that can't be used. Subject: the outage's id."""
    OUTAGE_OVER = "outage_over"
    """The same, when it can be used again."""
    LOW_CREDIT = "low_credit"
    """An account that has little credit left. Subject: the id of that."""
    OPERATORS = "operators"
    """A change of who may use Mailwarden. Subject: the change's id."""
    BULK_STOPPED = "bulk_stopped"
    """A bulk creation that stopped before its end, for the person who asked. Subject: the run's id."""


class AlertKind(StrEnum):
    BAD = "bad"
    """Domains have broken, or have begun to come and go."""
    GOOD = "good"
    """Domains are good again."""
    BLIND = "blind"
    """DNS could not be asked at all."""
