from app.core.errors import Conflict, Forbidden, NotFound


class EnvelopeNotFound(NotFound):
    """There is no such envelope."""

    code = "autopilot.envelopes.not_found"


class EnvelopeAccountNotFound(NotFound):
    """There is no such ad account."""

    code = "autopilot.envelopes.account_not_found"


class EnvelopeCampaignNotFound(NotFound):
    """One of the campaigns does not exist."""

    code = "autopilot.envelopes.campaign_not_found"


class EnvelopePersonNeeded(Forbidden):
    """A person says yes: a key cannot do it beforehand either."""

    code = "autopilot.envelopes.person_needed"


class EnvelopeEnded(Conflict):
    """The envelope was revoked, or its time is over."""

    code = "autopilot.envelopes.ended"
