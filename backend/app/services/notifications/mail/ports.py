"""What a way of sending mail must do."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Mail:
    to: str
    subject: str
    text: str


class Mailer(Protocol):
    delivers: bool
    """Whether anything leaves: only then is a mail counted as sent."""

    async def send(self, mail: Mail) -> None:
        """Hand the mail over; `MailNotSent` where nobody took it."""
        ...
