from app.core.errors import Conflict, Gone, Invalid, NotFound, TooLarge


class ImportNotFound(NotFound):
    """There is no such import here."""

    code = "cdp.imports.not_found"


class FileTooLarge(TooLarge):
    """The file is too large: at most 64 MB."""

    code = "cdp.imports.too_large"


class FileTooLong(TooLarge):
    """The file has too many rows: at most 1,000,000."""

    code = "cdp.imports.too_long"


class FileInvalid(Invalid):
    """The file cannot be read."""

    code = "cdp.imports.file_invalid"


class PlanInvalid(Invalid):
    """The columns cannot be read that way."""

    code = "cdp.imports.plan_invalid"


class NotADraft(Conflict):
    """The import has been started, or has ended: upload the file again."""

    code = "cdp.imports.not_a_draft"


class Ended(Conflict):
    """The import has ended already."""

    code = "cdp.imports.ended"


class RejectedRowsExpired(Gone):
    """The rejected rows are no longer kept."""

    code = "cdp.imports.rejected_rows_expired"
