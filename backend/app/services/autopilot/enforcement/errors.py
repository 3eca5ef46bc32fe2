from app.core.errors import Conflict, Invalid, NotFound


class EntityNotFound(NotFound):
    """There is no such ad account or campaign."""

    code = "autopilot.enforcement.entity_not_found"


class CurrencyNotTheCompanys(Invalid):
    """The amounts of an account or campaign are in the currency of the company's limits."""

    code = "autopilot.enforcement.currency_not_the_companys"


class AmountsNotNamed(Invalid):
    """A new currency makes other amounts of the old ones: name every amount that is set anew, or take it back."""

    code = "autopilot.enforcement.amounts_not_named"


class CurrencyInUse(Conflict):
    """Accounts or campaigns have amounts of their own in the old currency: take those back first."""

    code = "autopilot.enforcement.currency_in_use"
