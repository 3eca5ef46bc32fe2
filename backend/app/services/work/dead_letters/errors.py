from app.core.errors import Conflict, NotFound


class DeadLetterUnknown(NotFound):
    """There is no such dead letter."""

    code = "work.dead_letters.not_found"


class DeadLetterClosed(Conflict):
    """This dead letter was replayed or discarded already."""

    code = "work.dead_letters.closed"
