from app.core.errors import Conflict, NotFound


class FunnelNotFound(NotFound):
    """There is no such funnel here."""

    code = "cdp.funnels.not_found"


class NameTaken(Conflict):
    """Another funnel has this name."""

    code = "cdp.funnels.name_taken"
