from app.core.errors import Forbidden, Invalid, NotFound, Unauthorized


class InvalidCredentials(Unauthorized):
    """The e-mail address or the password is wrong; after five failures an account is locked for 15 minutes."""

    code = "auth.invalid_credentials"
    commits = True


class WrongPassword(Invalid):
    """The current password is wrong; after five failures an account is locked for 15 minutes."""

    code = "auth.wrong_password"
    commits = True


class PasswordNeeded(Forbidden):
    """You signed in some time ago: say your password again for this."""

    code = "auth.password_needed"


class EmailNotVerified(Forbidden):
    """Open the link in the mail that we sent to verify your address, then sign in."""

    code = "auth.email_not_verified"


class NoTenant(Forbidden):
    """This account belongs to no company: ask for an invitation."""

    code = "auth.no_tenant"


class NotAMember(Forbidden):
    """You are not a member of this company."""

    code = "auth.not_a_member"


class SessionEnded(Unauthorized):
    """This session has ended: sign in again."""

    code = "auth.session_ended"
    commits = True


class RefreshReused(SessionEnded):
    """This refresh token was used before, so its session has been ended: sign in again."""

    code = "auth.refresh_reused"


class NeedsPerson(Forbidden):
    """Only a signed-in person can do this, not an API key."""

    code = "auth.needs_person"


class SessionNotFound(NotFound):
    """There is no such session."""

    code = "auth.session_not_found"
