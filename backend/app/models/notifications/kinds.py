"""The words of notifications. Free of SQLAlchemy, so that pure rules may speak them."""

from enum import StrEnum


class NotificationKind(StrEnum):
    """What people are told of."""

    INCIDENT_OPENED = "incident_opened"
    INCIDENT_CLOSED = "incident_closed"
    APPROVAL_WANTED = "approval_wanted"
    CONNECTION_NEEDS_SIGN_IN = "connection_needs_sign_in"
    KILL_SWITCH_CHANGED = "kill_switch_changed"
    ACTION_BLOCKED = "action_blocked"
    DEAD_LETTER = "dead_letter"


class NotificationSeverity(StrEnum):
    """`critical` waits for no quiet hours and no digest."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class NotificationSubject(StrEnum):
    """What a notification is about, and which room shows it."""

    INCIDENT = "incident"
    ACTION = "action"
    CONNECTION = "connection"
    KILL_SWITCH = "kill_switch"
    DEAD_LETTER = "dead_letter"


class Channel(StrEnum):
    """Ways that lead out of the dashboard."""

    EMAIL = "email"
    SLACK = "slack"


class DeliveryKind(StrEnum):
    """`repeat`: the same happened again meanwhile, told once its pause is over."""

    NOTICE = "notice"
    REPEAT = "repeat"
    TEST = "test"


class DeliveryStatus(StrEnum):
    """`failed` is tried again, `dead` only by a person; `skipped` had become pointless."""

    QUEUED = "queued"
    SENDING = "sending"
    FAILED = "failed"
    SENT = "sent"
    DEAD = "dead"
    SKIPPED = "skipped"


class HeldFor(StrEnum):
    """Why a message leaves later than at once."""

    QUIET_HOURS = "quiet_hours"
    DIGEST = "digest"
    REPEAT = "repeat"


class Digest(StrEnum):
    IMMEDIATE = "immediate"
    DAILY = "daily"


class LinkVerb(StrEnum):
    """What a signed link may do, once."""

    APPROVE = "approve"
    DISMISS = "dismiss"
    ACKNOWLEDGE = "acknowledge"
