from app.core.errors import Conflict, NotFound


class RecommendationNotFound(NotFound):
    """There is no such recommendation."""

    code = "autopilot.recommendations.not_found"


class RecommendationNotOpen(Conflict):
    """Somebody has answered it, or it has lapsed."""

    code = "autopilot.recommendations.not_open"


class NothingToAccept(Conflict):
    """It only advises: there is nothing that Stratum could change."""

    code = "autopilot.recommendations.nothing_to_accept"


class NoLongerHolds(Conflict):
    """A campaign has changed since, or the gate would not let it be done: nothing was proposed."""

    code = "autopilot.recommendations.no_longer_holds"


class RecommendationChanged(Conflict):
    """It has been renewed with other amounts since it was shown: look at it again, and answer what it says now."""

    code = "autopilot.recommendations.changed"
