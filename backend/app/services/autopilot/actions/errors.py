from app.core.errors import Conflict, Forbidden, Invalid, NotFound


class ActionNotFound(NotFound):
    """There is no such action."""

    code = "autopilot.actions.not_found"


class ActionNotOpen(Conflict):
    """The action no longer waits for anybody."""

    code = "autopilot.actions.not_open"


class PersonNeeded(Forbidden):
    """A person approves: a key's own yes would stand for nobody."""

    code = "autopilot.actions.person_needed"


class StepNotAllowed(Conflict):
    """The action cannot go from its state to that one."""

    code = "autopilot.actions.step_not_allowed"


class NothingToChange(Invalid):
    """The platform already holds that."""

    code = "autopilot.actions.nothing_to_change"


class StateUnknown(Conflict):
    """What the platform holds now is not known yet: sync the account first."""

    code = "autopilot.actions.state_unknown"


class CampaignNotFound(NotFound):
    """There is no such campaign."""

    code = "autopilot.actions.campaign_not_found"


class NotAMove(Invalid):
    """That moves nothing from one account to another."""

    code = "autopilot.actions.not_a_move"


class AccountNotFound(NotFound):
    """There is no such ad account."""

    code = "autopilot.actions.account_not_found"
