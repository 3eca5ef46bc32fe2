from app.core.errors import Conflict, NotFound


class IncidentNotFound(NotFound):
    """There is no such incident."""

    code = "trust_engine.incidents.not_found"


class IncidentClosed(Conflict):
    """The incident is closed."""

    code = "trust_engine.incidents.closed"
