from app.core.errors import NotFound


class NotificationNotFound(NotFound):
    """There is no such notification in your inbox."""

    code = "notifications.not_found"
