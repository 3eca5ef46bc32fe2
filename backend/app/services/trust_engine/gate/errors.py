from app.core.errors import Conflict, NotFound


class PermitRefused(Conflict):
    """The permit does not allow this change."""

    code = "trust_engine.gate.permit_refused"


class PermitMissing(PermitRefused):
    """There is no such permit."""

    code = "trust_engine.gate.permit_missing"


class PermitUsed(PermitRefused):
    """The permit has been used already."""

    code = "trust_engine.gate.permit_used"


class PermitExpired(PermitRefused):
    """The permit has expired."""

    code = "trust_engine.gate.permit_expired"


class PermitOutdated(PermitExpired):
    """What the permit rested on no longer holds: the policy has changed, or signal health has fallen."""

    code = "trust_engine.gate.permit_outdated"


class PermitForAnotherChange(PermitRefused):
    """The permit is for another change."""

    code = "trust_engine.gate.permit_mismatch"


class PermitFrozen(PermitRefused):
    """The kill switch is on: nothing but safety actions leaves."""

    code = "trust_engine.gate.permit_frozen"


class AccountNotFound(NotFound):
    """There is no such ad account."""

    code = "trust_engine.gate.account_not_found"


class DecisionNotFound(NotFound):
    """There is no such decision."""

    code = "trust_engine.gate.decision_not_found"
