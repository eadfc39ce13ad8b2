"""What can go wrong, as a person may read it: `str(error)` is always a sentence for the operator.

    OperatorError                      something to tell the person; never a bug
    ├── NotAllowed                     this person may not do this
    ├── InvalidInput(field)            one field of a form is wrong; shown at that field
    ├── NotFound                       the mail user, domain or deletion is not there (any more)
    ├── AlreadyExists                  the address is taken
    ├── DeletionOpen(deletion_id)      an open deletion stands in the way
    ├── Protected                      this target must stay; says why
    ├── TooLate                        somebody or the clock was first; says who
    ├── AlreadySubmitted               the same form was sent before; says what became of it
    ├── NotPossible                    the mail system has no such thing
    ├── WriteNotApplied                the mail system said success, the read-back says otherwise
    └── ProviderError(retryable, unclear)   the mail system did not do it
        ├── ProviderUnavailable        not reached, too slow, 429 or 5xx
        ├── ProviderRefused            it answered, and said no, in its own words
        ├── ProviderUnauthorized       it does not accept our credentials
        └── ProviderConfused           it answered something that is not its protocol
    ConfigError                        the configuration is wrong; raised before anything starts

Anything else that is raised is a bug: it is logged with a reference that the person also sees.
"""

from typing_extensions import override


class OperatorError(Exception):
    """A sentence for the operator. Subclasses exist where a caller must tell them apart."""

    @override
    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotAllowed(OperatorError):
    """This person may not do this."""


class InvalidInput(OperatorError):
    """One field is wrong. `field` is the block_id of the input it is shown at."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class NotFound(OperatorError):
    """What was asked for is not there (any more)."""


class AlreadyExists(OperatorError):
    """The address is taken."""


class DeletionOpen(OperatorError):
    """A deletion of this target is open; it has to be cancelled first."""

    def __init__(self, message: str, *, deletion_id: str) -> None:
        super().__init__(message)
        self.deletion_id = deletion_id


class Protected(OperatorError):
    """The target must stay: the configuration names it, or deleting it would lock somebody out."""


class TooLate(OperatorError):
    """Somebody else, or the clock, was first."""


class AlreadySubmitted(OperatorError):
    """The same form was sent before. `under_way`: its first sending is being worked on at this moment."""

    def __init__(self, message: str, *, under_way: bool = False) -> None:
        super().__init__(message)
        self.under_way = under_way


class NotPossible(OperatorError):
    """The mail system has no such thing; what it can do is told by its capabilities."""


class WriteNotApplied(OperatorError):
    """The mail system said success, and the read-back does not show it."""

    def __init__(self, message: str, *, expected: str, found: str) -> None:
        super().__init__(message)
        self.expected = expected
        self.found = found


class ProviderError(OperatorError):
    """The mail system did not do what was asked, as far as we know.

    `retryable`: the same call may succeed later. `unclear`: the call may have been carried out all the same (it was
    sent and no usable answer came), so read back before repeating or reporting it.
    """

    def __init__(self, message: str, *, retryable: bool, unclear: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.unclear = unclear


class ProviderUnavailable(ProviderError):
    """Not reached, too slow, rate-limited or failing."""

    def __init__(self, message: str, *, unclear: bool, retry_after: float | None = None) -> None:
        super().__init__(message, retryable=True, unclear=unclear)
        self.retry_after = retry_after
        """Seconds the server asked us to wait, if it said."""


class ProviderRefused(ProviderError):
    """It answered and said no. `code` is the provider's own, for the log; nothing may depend on it."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message, retryable=False)
        self.code = code


class ProviderUnauthorized(ProviderError):
    """It does not accept our credentials."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=False)


class ProviderConfused(ProviderError):
    """It answered something that is not its protocol: an HTML page, cut JSON, wrong types."""

    def __init__(self, message: str, *, unclear: bool) -> None:
        super().__init__(message, retryable=False, unclear=unclear)


class ConfigError(Exception):
    """The configuration is wrong. Each problem names its key and what was expected."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
