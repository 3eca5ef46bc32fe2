from app.core.errors import Conflict, FieldError, Forbidden, Invalid, NotFound


class WebhookNotFound(NotFound):
    """There is no such webhook here."""

    code = "cdp.webhooks.not_found"


class DeliveryNotFound(NotFound):
    """There is no such delivery in this webhook's log."""

    code = "cdp.webhooks.delivery_not_found"


class NameTaken(Conflict):
    """Another webhook has this name: choose another one."""

    code = "cdp.webhooks.name_taken"

    def __init__(self) -> None:
        super().__init__(fields=[FieldError("body.name", self.sentence(), self.code)])


class TooManyWebhooks(Conflict):
    """There are as many webhooks as a company may have: delete one that nobody needs."""

    code = "cdp.webhooks.too_many"


class AddressUnusable(Invalid):
    """The address cannot be used."""

    code = "cdp.webhooks.address_unusable"

    def __init__(self, fault: str) -> None:
        super().__init__(fields=[FieldError("body.url", fault, self.code)])


class SegmentsUnknown(Invalid):
    """Some of the segments do not exist, or are archived."""

    code = "cdp.webhooks.segments_unknown"

    def __init__(self, places: list[int]) -> None:
        """`places` of the list, from 0."""
        message = "There is no such segment here, or it is archived: leave it out."
        fields = [FieldError(f"body.segment_ids.{place}", message, self.code) for place in places]
        super().__init__(fields=fields)


class SegmentsWithoutTopic(Invalid):
    """Segments are named, and no topic speaks of segments."""

    code = "cdp.webhooks.segments_without_topic"

    def __init__(self) -> None:
        message = "Add segment.entered or segment.left to the topics, or leave the segments out."
        super().__init__(fields=[FieldError("body.segment_ids", message, self.code)])


class PersonalNotAllowed(Forbidden):
    """Only who may see personal data may have it sent."""

    code = "cdp.webhooks.personal_not_allowed"

    def __init__(self) -> None:
        message = "This needs the permission cdp.profiles.personal:read, which you do not have."
        super().__init__(fields=[FieldError("body.include_personal", message, self.code)])


class NotReplayable(Conflict):
    """A test, or a delivery of which nothing is left to send, cannot be sent again."""

    code = "cdp.webhooks.not_replayable"


class NothingToResume(Conflict):
    """`resume` says how a webhook goes on that is switched on: send it together with enabled true."""

    code = "cdp.webhooks.nothing_to_resume"

    def __init__(self) -> None:
        super().__init__(fields=[FieldError("body.resume", self.sentence(), self.code)])
