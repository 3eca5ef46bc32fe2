"""No mail at all: the log says that one would have left, and to whom, masked; never what it said."""

from app.core.logging import get_logger
from app.services.notifications.mail.ports import Mail

log = get_logger(__name__)


class LogMailer:
    delivers = False

    async def send(self, mail: Mail) -> None:
        log.info("notifications.mail_not_configured", to=mail.to, subject=mail.subject)
