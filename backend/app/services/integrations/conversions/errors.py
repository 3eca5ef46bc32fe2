from app.core.errors import Conflict, NotFound


class DeliveryNotFound(NotFound):
    """There is no such delivery here."""

    code = "integrations.conversions.not_found"


class NotReplayable(Conflict):
    """Only a delivery that failed, was given up or was left out can be tried again."""

    code = "integrations.conversions.not_replayable"
