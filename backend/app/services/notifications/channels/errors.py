from app.core.errors import Conflict, FieldError, Invalid, NotFound, Unavailable


class SlackNotConnected(NotFound):
    """No Slack workspace is connected."""

    code = "notifications.channels.slack_not_connected"


class SlackTokenRefused(Invalid):
    """Slack does not take this token: use the bot token of an app that is installed in your workspace."""

    code = "notifications.channels.slack_token_refused"

    def __init__(self, said: str) -> None:
        sentence = f"Slack does not take this token ({said}): use the bot token of an installed app (xoxb-…)."
        super().__init__(sentence, fields=[FieldError("body.token", sentence, self.code)], slack_error=said)


class SlackUnreachable(Unavailable):
    """Slack did not answer, or asks to wait: try again shortly."""

    code = "notifications.channels.slack_unreachable"


class SlackRefusal(Conflict):
    """Slack refused this: its own word for it is in the context."""

    code = "notifications.channels.slack_refused"


class ChannelUnknown(Invalid):
    """The bot sees no such channel: invite it there, or choose another one."""

    code = "notifications.channels.channel_unknown"

    def __init__(self, field: str) -> None:
        super().__init__(fields=[FieldError(field, self.sentence(), self.code)])


class NoChannelChosen(Conflict):
    """Choose a channel first."""

    code = "notifications.channels.no_channel"


class WebhookNotSet(NotFound):
    """No webhook is set up."""

    code = "notifications.channels.webhook_not_set"


class WebhookAddressUnusable(Invalid):
    """The address cannot be used."""

    code = "notifications.channels.webhook_address_unusable"

    def __init__(self, fault: str) -> None:
        super().__init__(fields=[FieldError("body.url", fault, self.code)])


class DeliveryUnknown(NotFound):
    """There is no such message in the log."""

    code = "notifications.channels.delivery_not_found"


class DeliveryNotDead(Conflict):
    """Only a message that was given up can be sent again."""

    code = "notifications.channels.not_dead"
