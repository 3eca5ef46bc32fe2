from app.core.errors import FieldError, Invalid


class NotItsPassword(Invalid):
    """This link belongs to a registration with another password: open the link of yours, or set a new password."""

    code = "auth.not_its_password"

    def __init__(self) -> None:
        super().__init__(
            fields=[FieldError("body.password", "Not the password of this registration.", "not_its_password")]
        )
