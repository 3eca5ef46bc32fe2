from app.core.errors import Conflict, Forbidden, Gone, Invalid, Unauthorized


class LinkUnknown(Invalid):
    """This link is not one of ours, or part of it is missing: open it from the message again."""

    code = "notifications.links.unknown"


class LinkExpired(Gone):
    """This link has expired: sign in to act."""

    code = "notifications.links.expired"


class LinkUsed(Conflict):
    """This link was used already: it acts once."""

    code = "notifications.links.used"


class LinkNeedsSignIn(Unauthorized):
    """This link was posted where many can read it: sign in, and it acts in your name."""

    code = "notifications.links.needs_sign_in"


class LinkNotAllowed(Forbidden):
    """Your role no longer allows this."""

    code = "notifications.links.not_allowed"


class VerbNotOffered(Invalid):
    """This link does not offer that."""

    code = "notifications.links.verb_not_offered"
