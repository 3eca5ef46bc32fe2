from app.core.errors import Invalid, NotFound


class ProfileNotFound(NotFound):
    """There is no such profile here."""

    code = "cdp.profiles.not_found"


class SegmentUnknown(Invalid):
    """There is no such segment here."""

    code = "cdp.profiles.segment_unknown"
