from app.core.errors import Invalid, NotFound


class EntryNotFound(NotFound):
    """There is no such entry in the ledger."""

    code = "trust_engine.ledger.not_found"


class BadHead(Invalid):
    """The head is not one that this ledger exported."""

    code = "trust_engine.ledger.bad_head"
