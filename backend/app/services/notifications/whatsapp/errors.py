from app.core.errors import (
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    TooLarge,
    Unauthorized,
    Unavailable,
)


class WhatsAppNotConnected(NotFound):
    """No WhatsApp number is connected."""

    code = "notifications.whatsapp.not_connected"


class WhatsAppRefusal(Invalid):
    """Meta refuses this number, account, token or secret: its own words are in the context."""

    code = "notifications.whatsapp.refused"

    def __init__(self, field: str, sentence: str, said: str) -> None:
        super().__init__(sentence, fields=[FieldError(f"body.{field}", sentence, self.code)], meta_error=said)


class WhatsAppUnwilling(Conflict):
    """Meta refused this: its own words are in the context."""

    code = "notifications.whatsapp.unwilling"


class WhatsAppUnreachable(Unavailable):
    """WhatsApp did not answer, or asks to wait: try again shortly."""

    code = "notifications.whatsapp.unreachable"


class NumberInvalid(Invalid):
    """There is no such number: write it with its country's code, like +36 30 123 4567."""

    code = "notifications.whatsapp.number_invalid"

    def __init__(self) -> None:
        super().__init__(fields=[FieldError("body.number", self.sentence(), self.code)])


class NumberIsTheCompanys(Invalid):
    """This is the number that the company writes from: give your own."""

    code = "notifications.whatsapp.number_is_the_companys"

    def __init__(self) -> None:
        super().__init__(fields=[FieldError("body.number", self.sentence(), self.code)])


class NoNumberOfYours(NotFound):
    """You have given no number."""

    code = "notifications.whatsapp.no_number"


class NotConfirmed(Conflict):
    """Your number is not confirmed: send the code from it first."""

    code = "notifications.whatsapp.not_confirmed"


class HookUnknown(NotFound):
    """There is no such webhook."""

    code = "notifications.whatsapp.hook_unknown"


class HookNotVerified(Forbidden):
    """The verify token is not the one that was shown here."""

    code = "notifications.whatsapp.hook_not_verified"


class HookNotSigned(Unauthorized):
    """The signature is missing, or is not the app's over these bytes."""

    code = "notifications.whatsapp.hook_not_signed"


class HookTooLarge(TooLarge):
    """A webhook's message has 3 MiB at most."""

    code = "notifications.whatsapp.hook_too_large"


class HookUnreadable(Invalid):
    """The message is signed, and not of the form that Meta sends."""

    code = "notifications.whatsapp.hook_unreadable"

    def __init__(self, fault: str) -> None:
        super().__init__(fields=[FieldError("body", fault, self.code)])
