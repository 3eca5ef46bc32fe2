from app.core.errors import Unavailable


class MailNotSent(Unavailable):
    """The mail server did not take a mail; it is tried again."""

    code = "notifications.mail_not_sent"
