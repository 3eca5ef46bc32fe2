from app.core.errors import Conflict, NotFound


class CallNotFound(NotFound):
    """There is no such call here; they are kept for 30 days."""

    code = "integrations.calls.not_found"


class NotMadeAgain(Conflict):
    """This call cannot be made again."""

    code = "integrations.calls.not_made_again"


class GateNeeded(Conflict):
    """A change of an ad account is never sent again: ask for it anew, so that the gate decides on today's evidence."""

    code = "integrations.calls.gate_needed"


class NothingLeft(Conflict):
    """Nothing is left of what this call carried: it has arrived since, waits already, or is gone."""

    code = "integrations.calls.nothing_left"


class SignInNeeded(Conflict):
    """The account's connection needs a new sign-in first, under Connections."""

    code = "integrations.calls.sign_in_needed"


class CallsPause(Conflict):
    """Calls to this account pause for a moment: try again shortly."""

    code = "integrations.calls.paused"
