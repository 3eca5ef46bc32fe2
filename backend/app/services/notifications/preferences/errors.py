from app.core.errors import FieldError, Invalid


class HoursInvalid(Invalid):
    """Quiet hours need a beginning and an end, which differ."""

    code = "notifications.preferences.hours_invalid"

    def __init__(self, field: str) -> None:
        super().__init__(fields=[FieldError(f"body.{field}", self.sentence(), self.code)])
