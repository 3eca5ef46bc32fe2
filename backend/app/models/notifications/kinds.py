"""The words of notifications. Free of SQLAlchemy, so that pure rules may speak them."""

from enum import StrEnum


class NotificationKind(StrEnum):
    """What people are told of."""

    INCIDENT_OPENED = "incident_opened"
    INCIDENT_CLOSED = "incident_closed"
    APPROVAL_WANTED = "approval_wanted"
    CONNECTION_NEEDS_SIGN_IN = "connection_needs_sign_in"
    KILL_SWITCH_CHANGED = "kill_switch_changed"
    STOP_CHANGED = "stop_changed"
    ACTION_BLOCKED = "action_blocked"
    DRAFT_WAITS = "draft_waits"
    DRAFT_DECIDED = "draft_decided"
    DRAFT_PUBLISHED = "draft_published"
    DRAFT_FAILED = "draft_failed"
    DEAD_LETTER = "dead_letter"
    RULE_HELD = "rule_held"


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
    STOP = "stop"
    DRAFT = "draft"
    DEAD_LETTER = "dead_letter"
    RULE = "rule"


class Channel(StrEnum):
    """Ways that lead out of the dashboard."""

    EMAIL = "email"
    SLACK = "slack"
    WEBHOOK = "webhook"
    WHATSAPP = "whatsapp"


class DeliveryKind(StrEnum):
    """`repeat`: the same happened again meanwhile, told once its pause is over.

    `welcome` and `goodbye` answer a person who begins or ends being written to in WhatsApp.
    """

    NOTICE = "notice"
    REPEAT = "repeat"
    TEST = "test"
    WELCOME = "welcome"
    GOODBYE = "goodbye"


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


class WhatsAppConsentState(StrEnum):
    """`pending` until the person writes the code from the number; only who is `confirmed` is written to."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    STOPPED = "stopped"


class WhatsAppConsentAct(StrEnum):
    """What a person did about being written to; each leaves a receipt."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    STOPPED = "stopped"
    RESUMED = "resumed"


class WhatsAppConsentWay(StrEnum):
    """By which way: in the dashboard, by a message with the code, by a word such as STOP.

    `moved`: somebody else has confirmed the same number since.
    """

    DASHBOARD = "dashboard"
    CODE = "code"
    WORD = "word"
    MOVED = "moved"


class WhatsAppTemplateStatus(StrEnum):
    """Meta's word for a template of ours in lower case; `missing` and `differs` are our own findings."""

    APPROVED = "approved"
    PENDING = "pending"
    REJECTED = "rejected"
    PAUSED = "paused"
    DISABLED = "disabled"
    MISSING = "missing"
    DIFFERS = "differs"
    OTHER = "other"
