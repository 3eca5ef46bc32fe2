from app.core.errors import Conflict, FieldError, Invalid, NotFound


class AudienceNotFound(NotFound):
    """There is no such audience here."""

    code = "cdp.audience_sync.not_found"


class NameTaken(Conflict):
    """Another audience has this name: choose another one."""

    code = "cdp.audience_sync.name_taken"

    def __init__(self) -> None:
        super().__init__(fields=[FieldError("body.name", self.sentence(), self.code)])


class ChoiceInvalid(Invalid):
    """An audience cannot be made of this."""

    code = "cdp.audience_sync.choice_invalid"

    def __init__(self, field: str, fault: str) -> None:
        super().__init__(fields=[FieldError(f"body.{field}", fault, self.code)])


class AccountMayNotWrite(Conflict):
    """This ad account is not written to from here: connect it with the right to write, and take its write lease."""

    code = "cdp.audience_sync.account_may_not_write"


class NothingWaits(Conflict):
    """No removal waits for an approval."""

    code = "cdp.audience_sync.nothing_waits"


class MoreLeaveNow(Conflict):
    """More people would leave by now than you approved: look at it again."""

    code = "cdp.audience_sync.more_leave_now"


class AudienceEnds(Conflict):
    """This audience is being ended."""

    code = "cdp.audience_sync.ends"
