from app.core.errors import Conflict, Forbidden, Gone, Invalid, NotFound


class ExportNotFound(NotFound):
    """There is no such export here."""

    code = "cdp.exports.not_found"


class ExportInvalid(Invalid):
    """This cannot be exported."""

    code = "cdp.exports.invalid"


class RawNotAllowed(Forbidden):
    """Your role does not allow personal data in the clear: export them hashed."""

    code = "cdp.exports.raw_not_allowed"


class NotDone(Conflict):
    """The file is not written yet."""

    code = "cdp.exports.not_done"


class Ended(Conflict):
    """The export has ended already."""

    code = "cdp.exports.ended"


class FileExpired(Gone):
    """The file is no longer kept: export it again."""

    code = "cdp.exports.expired"


class LinkInvalid(NotFound):
    """The link is not valid, or no longer: ask for a new one."""

    code = "cdp.exports.link_invalid"
