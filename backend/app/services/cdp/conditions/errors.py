from app.core.errors import Invalid


class TookTooLong(Invalid):
    """There are too many events to answer while you wait: ask for fewer days, or for fewer of the events."""

    code = "cdp.conditions.took_too_long"
