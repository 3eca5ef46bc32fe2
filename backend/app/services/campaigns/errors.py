from app.core.errors import NotFound


class CampaignNotFound(NotFound):
    """There is no such campaign here."""

    code = "campaigns.not_found"
