from app.core.errors import Conflict, NotFound


class AlreadyOne(Conflict):
    """These are one profile already."""

    code = "cdp.identity.already_one"


class NothingToSplit(Conflict):
    """Name some identifiers that this profile has, and not all of them."""

    code = "cdp.identity.nothing_to_split"


class TooMuchToSplit(Conflict):
    """The profile has too many identifiers to keep every pair apart: split off fewer at a time."""

    code = "cdp.identity.too_much_to_split"


class LinkNotFound(NotFound):
    """There is no such link here."""

    code = "cdp.identity.link_not_found"


class AlreadyRemoved(Conflict):
    """This link was removed before."""

    code = "cdp.identity.already_removed"


class NotQuarantined(NotFound):
    """No such event stands apart here: it was resolved, or tried again, or never was."""

    code = "cdp.identity.not_quarantined"


class TooLargeToTry(Conflict):
    """The graph is too large to try rules on while you wait."""

    code = "cdp.identity.too_large_to_try"
