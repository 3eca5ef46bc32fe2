from app.core.errors import FieldError, Forbidden, Invalid, NotFound, TooLarge, Unauthorized


class NoWebhooksThere(NotFound):
    """This platform sends no webhooks here: its app's secret and a verify token have to be set first."""

    code = "integrations.webhooks.not_set_up"


class NotSubscribed(Forbidden):
    """The verify token is not the one that is set here."""

    code = "integrations.webhooks.not_verified"


class NotSigned(Unauthorized):
    """The signature is missing, or is not the platform's over these bytes."""

    code = "integrations.webhooks.not_signed"


class DeliveryTooLarge(TooLarge):
    """A webhook's message has 256 KiB at most."""

    code = "integrations.webhooks.too_large"


class DeliveryUnreadable(Invalid):
    """The message is signed, and not of the form that this platform sends."""

    code = "integrations.webhooks.unreadable"

    def __init__(self, fault: str) -> None:
        super().__init__(fields=[FieldError("body", fault, self.code)])
