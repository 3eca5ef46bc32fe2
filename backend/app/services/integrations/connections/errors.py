from app.core.errors import Conflict, Invalid


class SignInExpired(Conflict):
    """This sign-in was begun too long ago, was finished already, or was begun in another browser."""

    code = "integrations.connections.sign_in_expired"


class TokenUnusable(Invalid):
    """The platform does not take this token."""

    code = "integrations.connections.token_unusable"


class TokenCannotWrite(Invalid):
    """This token may only read: connect it as read-only, or use one with the right to write."""

    code = "integrations.connections.token_cannot_write"
