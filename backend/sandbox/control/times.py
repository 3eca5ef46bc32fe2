"""Times as the control API takes them: ISO, in UTC unless they say otherwise."""

from datetime import UTC, datetime


def seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
