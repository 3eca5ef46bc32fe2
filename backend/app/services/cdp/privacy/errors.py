from app.core.errors import Conflict, Gone, NotFound


class RequestNotFound(NotFound):
    """There is no such request here."""

    code = "cdp.privacy.not_found"


class NotReady(Conflict):
    """The request is still being worked on, or is of another kind."""

    code = "cdp.privacy.not_ready"


class NotProposed(Conflict):
    """The request is no proposal, or somebody has decided about it already."""

    code = "cdp.privacy.not_proposed"


class ExportExpired(Gone):
    """The export has expired: ask for another."""

    code = "cdp.privacy.expired"
