"""The limits of ingestion, the kinds of events, and the words for why one is refused. Pure."""

from enum import IntFlag, StrEnum

MAX_EVENT_BYTES = 32 * 1024
MAX_BATCH_BYTES = 500 * 1024
MAX_BATCH_EVENTS = 2_500
MAX_ID_CHARACTERS = 100
MAX_NAME_CHARACTERS = 500
MAX_DEPTH = 64


class EventType(StrEnum):
    TRACK = "track"
    IDENTIFY = "identify"
    PAGE = "page"
    SCREEN = "screen"
    GROUP = "group"
    ALIAS = "alias"


class VerdictCode(StrEnum):
    """Why an event was refused."""

    MALFORMED = "malformed"
    WRONG_TYPE = "wrong_type"
    UNKNOWN_TYPE = "unknown_type"
    EVENT_MISSING = "event_missing"
    IDENTITY_MISSING = "identity_missing"
    MESSAGE_ID_TOO_LONG = "message_id_too_long"
    TOO_LONG = "too_long"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    NUL_CHARACTER = "nul_character"
    NOT_UNICODE = "not_unicode"
    ABSURD_NUMBER = "absurd_number"
    ABSURD_TIME = "absurd_time"
    UNSTORABLE = "unstorable"
    ERASED = "erased"


class Refused(Exception):
    """An event breaks a rule; the others of its batch do not suffer for it."""

    def __init__(self, code: VerdictCode, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)


class MatchKey(IntFlag):
    """Which keys a platform could match the event's person by: the evidence of event match quality."""

    EMAIL = 1
    PHONE = 2
    EXTERNAL_ID = 4
    IP = 8
    USER_AGENT = 16
    FBC = 32
    FBP = 64
    CLICK_ID = 128
