from app.core.errors import Invalid


class NotOffered(Invalid):
    """Campaigns cannot be created at this platform from here yet: create this one there."""

    code = "integrations.campaigns.not_offered"
