from app.core.errors import Conflict, Invalid, NotFound, TooLarge, Unavailable


class SegmentNotFound(NotFound):
    """There is no such segment here."""

    code = "cdp.segments.not_found"


class ProfileNotFound(NotFound):
    """There is no such profile here."""

    code = "cdp.segments.profile_not_found"


class NameTaken(Conflict):
    """Another segment has this name."""

    code = "cdp.segments.name_taken"


class RuleInvalid(Invalid):
    """The rule asks what cannot be answered."""

    code = "cdp.segments.rule_invalid"


class ListHasNoRule(Conflict):
    """This segment is an uploaded list: upload it anew to change who is on it."""

    code = "cdp.segments.list_has_no_rule"


class SegmentIsRule(Conflict):
    """This segment follows a rule: change the rule to change who is in it."""

    code = "cdp.segments.is_rule"


class SegmentSwitchedOff(Conflict):
    """This segment is switched off: switch it on to compute it."""

    code = "cdp.segments.switched_off"


class TookTooLong(Unavailable):
    """The rule reads too many events to answer while you wait: narrow its windows, or save it and have it computed."""

    code = "cdp.segments.took_too_long"


class ListTooLarge(TooLarge):
    """The file is too large: at most 64 MB."""

    code = "cdp.segments.list_too_large"


class ListTooLong(TooLarge):
    """The file has too many rows: at most 1,000,000."""

    code = "cdp.segments.list_too_long"


class ListInvalid(Invalid):
    """Some rows of the file cannot be used."""

    code = "cdp.segments.list_invalid"


class ListNotScheduled(Conflict):
    """This segment is an uploaded list, which changes only when it is uploaded anew: only a rule has a time of day."""

    code = "cdp.segments.list_not_scheduled"
