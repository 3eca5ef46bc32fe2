from app.core.errors import Conflict, Invalid


class NotAnswerable(Invalid):
    """The question asks what cannot be answered."""

    code = "cdp.breakdowns.not_answerable"


class StillCounting(Conflict):
    """The people of a segment in this question are being counted for the first time: ask again shortly."""

    code = "cdp.breakdowns.still_counting"
