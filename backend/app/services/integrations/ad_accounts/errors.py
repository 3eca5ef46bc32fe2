from app.core.errors import Conflict, Invalid


class LeaseHeldElsewhere(Conflict):
    """Another workspace writes to this ad account: it can only be read here."""

    code = "integrations.ad_accounts.lease_held_elsewhere"


class ReadOnlyConnection(Conflict):
    """The connection may only read: connect again with the right to write."""

    code = "integrations.ad_accounts.read_only_connection"


class NotEnabled(Conflict):
    """Enable the ad account first."""

    code = "integrations.ad_accounts.not_enabled"


class NoSuchWindow(Invalid):
    """The platform has no such conversion or attribution window."""

    code = "integrations.ad_accounts.no_such_window"


class PixelMissing(Invalid):
    """Name the pixel that conversions are sent to."""

    code = "integrations.ad_accounts.pixel_missing"


class LeadEventNotUsed(Invalid):
    """Only Snapchat has an event to choose for a lead: every other platform has one of its own."""

    code = "integrations.ad_accounts.lead_event_not_used"
