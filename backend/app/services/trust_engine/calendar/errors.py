from app.core.errors import Invalid, NotFound


class EntryNotFound(NotFound):
    """There is no such entry in the calendar."""

    code = "trust_engine.calendar.not_found"


class EntryUnsound(Invalid):
    """The entry does not end after it starts."""

    code = "trust_engine.calendar.unsound"


class AccountNotFound(NotFound):
    """There is no such ad account."""

    code = "trust_engine.calendar.account_not_found"
