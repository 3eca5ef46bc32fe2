from app.core.errors import NotFound


class ProfileNotFound(NotFound):
    """There is no such profile here."""

    code = "cdp.profiles.not_found"
