from app.core.errors import Conflict, Forbidden, Invalid, NotFound


class StopNotFound(NotFound):
    """There is no such stop."""

    code = "autopilot.stops.not_found"


class StopAccountNotFound(NotFound):
    """There is no such ad account."""

    code = "autopilot.stops.account_not_found"


class WholeCompanyOnly(Invalid):
    """An emergency stop is of the whole company: leave the account out."""

    code = "autopilot.stops.whole_company"


class PersonNeeded(Forbidden):
    """A person stops and gives back: a key can engage the kill switch, which freezes."""

    code = "autopilot.stops.person_needed"


class AlreadyGivenBack(Conflict):
    """The stop was given back, and nothing of it is left to try again."""

    code = "autopilot.stops.already_given_back"


class BeingGivenBack(Conflict):
    """The stop is being given back: what of it is left is under way."""

    code = "autopilot.stops.being_given_back"


class StillFrozen(Conflict):
    """The kill switch is engaged, and nothing can be enabled: release it first."""

    code = "autopilot.stops.frozen"
