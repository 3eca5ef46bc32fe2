from app.core.errors import NotFound


class AdNotFound(NotFound):
    """There is no such ad here."""

    code = "campaigns.ads.not_found"
