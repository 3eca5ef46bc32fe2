from app.core.errors import Conflict, Invalid, NotFound


class RetentionNotFound(NotFound):
    """There is no such retention report here."""

    code = "cdp.retention.not_found"


class NameTaken(Conflict):
    """Another retention report has this name."""

    code = "cdp.retention.name_taken"


class TooManyCohorts(Invalid):
    """The days hold too many periods."""

    code = "cdp.retention.too_many_cohorts"
