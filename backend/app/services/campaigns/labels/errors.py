from app.core.errors import Conflict, FieldError, NotFound


class LabelNotFound(NotFound):
    """There is no such label here."""

    code = "campaigns.labels.not_found"


class NameTaken(Conflict):
    """Another label has this name: choose another one."""

    code = "campaigns.labels.name_taken"

    def __init__(self) -> None:
        super().__init__(fields=[FieldError("body.name", self.sentence(), self.code)])


class TooManyLabels(Conflict):
    """There are as many labels as a company may have: delete one that nobody needs."""

    code = "campaigns.labels.too_many"
