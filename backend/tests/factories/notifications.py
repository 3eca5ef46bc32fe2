"""Things to tell, and the worker's hand that sends what is due."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from app.core.clock import real_now
from app.core.config import Settings
from app.core.ids import uuid7
from app.db.session import Scopes
from app.models.notifications import Notification
from app.models.notifications.channels import NotificationDelivery
from app.models.notifications.kinds import DeliveryStatus
from app.services.notifications.channels.service import NotificationSender
from app.services.notifications.mail.errors import MailNotSent
from app.services.notifications.mail.ports import Mail
from app.services.notifications.service import (
    Notice,
    NotificationKind,
    Notifications,
    NotificationSeverity,
    NotificationSubject,
)
from tests.factories.access import Company


@dataclass
class Postbox:
    """A mail server that keeps what it takes; it may be full."""

    mails: list[Mail] = field(default_factory=list)
    is_full: bool = False
    delivers: bool = True

    async def send(self, mail: Mail) -> None:
        if self.is_full:
            raise MailNotSent(reason="SMTPServerDisconnected")
        self.mails.append(mail)

    def to(self, email: str) -> list[Mail]:
        return [each for each in self.mails if each.to == email]


def a_notice(kind: NotificationKind = NotificationKind.INCIDENT_OPENED, **changes: Any) -> Notice:
    values: dict[str, Any] = {
        "kind": kind,
        "severity": NotificationSeverity.WARNING,
        "subject": NotificationSubject.INCIDENT,
        "subject_id": uuid7(),
        "key": "pixel",
        "facts": {"sentence": "The pixel sends nothing", "mend": "Look at the tag"},
    }
    return Notice(**{**values, **changes})


async def tell(company: Company, notice: Notice) -> Notification:
    async with company.scopes() as scope:
        return await Notifications(scope).tell(notice)


async def deliveries(scopes: Scopes) -> Sequence[NotificationDelivery]:
    async with scopes() as scope:
        rows = await scope.session.scalars(select(NotificationDelivery).order_by(NotificationDelivery.id))
        return rows.all()


async def fall_due(scopes: Scopes) -> None:
    """As if the time had come of all that waits."""
    async with scopes() as scope:
        await scope.session.execute(
            update(NotificationDelivery)
            .where(NotificationDelivery.status.in_((DeliveryStatus.QUEUED, DeliveryStatus.FAILED)))
            .values(due_at=real_now())
        )


async def send(company: Company, settings: Settings, postbox: Postbox) -> int:
    return await NotificationSender(company.scopes, postbox, settings).send_due()


async def a_dead_delivery(company: Company) -> UUID:
    """A message that was given up."""
    notification = await tell(company, a_notice(key=str(uuid7())))
    async with company.scopes() as scope:
        row = await scope.session.scalar(
            select(NotificationDelivery)
            .where(NotificationDelivery.notification_id == notification.id)
            .order_by(NotificationDelivery.id)
            .limit(1)
        )
        assert row is not None
        row.status = DeliveryStatus.DEAD
        return row.id


async def a_notification(company: Company) -> UUID:
    """One in the inbox of the company's admin."""
    return (await tell(company, a_notice(key=str(uuid7())))).id
