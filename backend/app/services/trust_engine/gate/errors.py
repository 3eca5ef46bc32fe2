from app.core.errors import Conflict


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


class PermitForAnotherChange(PermitRefused):
    """The permit is for another change."""

    code = "trust_engine.gate.permit_mismatch"


class PermitFrozen(PermitRefused):
    """The kill switch is on: nothing but safety actions leaves."""

    code = "trust_engine.gate.permit_frozen"
