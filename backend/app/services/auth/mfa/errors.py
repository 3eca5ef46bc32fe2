from app.core.errors import Conflict, FieldError, Invalid, Unauthorized


class WrongCode(Unauthorized):
    """The code is wrong or was used before; after five failures an account is locked for 15 minutes."""

    code = "auth.wrong_code"
    commits = True


class CodeRejected(Invalid):
    """The code is wrong or was used before; after five failures an account is locked for 15 minutes."""

    code = "auth.code_rejected"
    commits = True

    def __init__(self) -> None:
        super().__init__(
            fields=[FieldError("body.code", "Enter the code that is shown now.", "code_rejected")]
        )


class AlreadyEnabled(Conflict):
    """Two-factor authentication is on already: turn it off first."""

    code = "auth.mfa_already_enabled"


class NotEnrolled(Conflict):
    """Two-factor authentication is not set up."""

    code = "auth.mfa_not_enrolled"
