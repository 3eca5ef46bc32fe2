from app.core.errors import Conflict, Invalid, NotFound


class FunnelNotFound(NotFound):
    """There is no such funnel here."""

    code = "cdp.funnels.not_found"


class NameTaken(Conflict):
    """Another funnel has this name."""

    code = "cdp.funnels.name_taken"


class TooManyPeople(Invalid):
    """A list holds 1,000,000 people at most: ask for fewer days, or for one group."""

    code = "cdp.funnels.too_many_people"
