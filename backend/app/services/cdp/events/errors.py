from app.core.errors import Forbidden, Malformed, NotFound, SenderMustWait, Unavailable


class BadBatch(Malformed):
    """The body is not a JSON object of events."""

    code = "cdp.events.bad_batch"


class BatchTooLarge(Malformed):
    """The batch is too large: at most 500 KB and 2,500 events, and 32 KB an event."""

    code = "cdp.events.too_large"


class BadEncoding(Malformed):
    """The body could not be decompressed."""

    code = "cdp.events.bad_encoding"


class Overloaded(SenderMustWait):
    """Events arrive faster than they can be stored: send this again shortly."""

    code = "cdp.events.overloaded"

    def __init__(self) -> None:
        super().__init__(retry_after=1)


class StoreUnavailable(Unavailable):
    """The events could not be stored: send them again, none is counted twice."""

    code = "cdp.events.store_unavailable"


class SendingNotAllowed(Forbidden):
    """This caller may not send events."""

    code = "cdp.events.sending_not_allowed"


class EventNotFound(NotFound):
    """There is no such event here, or it is kept no longer."""

    code = "cdp.events.not_found"


class VerdictNotFound(NotFound):
    """There is no such verdict here."""

    code = "cdp.events.verdict_not_found"


class NothingToReplay(NotFound):
    """The event was too large to be kept: send it anew."""

    code = "cdp.events.nothing_to_replay"
