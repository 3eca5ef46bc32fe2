from app.core.errors import Conflict


class NoAudiences(Conflict):
    """This platform's audiences are not spoken to yet."""

    code = "integrations.audiences.not_supported"
