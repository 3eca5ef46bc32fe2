from app.core.errors import Conflict, FieldError, Invalid, NotFound


class InvitationNotFound(NotFound):
    """There is no such invitation here."""

    code = "invitations.not_found"


class InvitationInvalid(Invalid):
    """This invitation is no longer valid: ask for a new one."""

    code = "invitations.invalid"


class AlreadyMember(Conflict):
    """This person is a member already."""

    code = "invitations.already_member"


class AccountNeeded(Invalid):
    """You have no account yet: choose a name and a password."""

    code = "invitations.account_needed"

    def __init__(self) -> None:
        super().__init__(
            fields=[
                FieldError("body.full_name", "Your name.", "missing"),
                FieldError("body.password", "At least 12 characters.", "missing"),
            ]
        )
