"""What WhatsApp could not bring comes by mail: to who wishes that, and has it by mail in no other way."""

from collections.abc import Collection
from uuid import UUID

from app.db.session import TenantScope
from app.models.notifications.kinds import DeliveryKind, NotificationKind
from app.services.notifications.channels.repository import DeliveryRepository
from app.services.notifications.cloud_api.repository import PeopleRepository
from app.services.notifications.preferences.service import PreferencesService

_TELLS = (DeliveryKind.NOTICE, DeliveryKind.REPEAT)


async def fall_back(scope: TenantScope, ids: Collection[UUID]) -> None:
    """Write a mail down for each of these that is not told by mail already; once, however often it is given up."""
    rows = DeliveryRepository(scope)
    lost = [each for each in await rows.some(ids) if each.kind in _TELLS]
    told = await rows.notifications({each.notification_id for each in lost if each.notification_id})
    people = await PeopleRepository(scope).among({each.user_id for each in lost if each.user_id})
    written = False
    for each in lost:
        if each.notification_id is None or each.user_id is None:
            continue
        person = people.get(each.user_id)
        wished = (await PreferencesService(scope, each.user_id).get()).choices
        choice = wished[NotificationKind(told[each.notification_id].kind)]
        wishes = person is None or person.falls_back
        if (
            wishes
            and not choice.email
            and not await rows.has_mail(each.notification_id, each.user_id, each.created_at)
        ):
            await rows.add_mail_instead_of(each)
            written = True
    if written:
        await scope.enqueue("notifications.send_due", {}, unless_pending=True)
