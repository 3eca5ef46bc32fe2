"""What became of messages in WhatsApp after it had taken them: sent is not delivered, and some fail later."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from app.core.clock import real_now
from app.core.metrics import NOTIFICATION_DELIVERIES
from app.db.session import TenantScope
from app.models.notifications.channels import NotificationDelivery
from app.models.notifications.kinds import Channel, DeliveryStatus
from app.services.notifications.channels.falling_back import fall_back
from app.services.notifications.channels.repository import DeliveryRepository
from app.services.notifications.channels.rules import due_again, is_dead
from app.services.notifications.channels.whatsapp import note, outcome_of
from app.services.notifications.cloud_api.codes_rules import Fate, Verdict, verdict
from app.services.notifications.cloud_api.repository import PeopleRepository
from app.services.notifications.cloud_api.webhook_rules import Became

_WAITS = (DeliveryStatus.QUEUED, DeliveryStatus.SENDING, DeliveryStatus.FAILED)
_NO_CODE = Verdict(Fate.MESSAGE, "WhatsApp could not deliver it, and does not say why.")


class Becoming:
    """A message is known by what we gave along, even where its sender died before it could note the answer."""

    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = DeliveryRepository(scope)

    async def take(self, became: Became) -> None:
        rows = await self._rows.of_parcel(_parcel(became.callback), became.message_id)
        if not rows:
            return
        if became.status == "failed":
            await self._failed(rows, became)
        else:
            await self._arrived(rows, became)

    async def _arrived(self, rows: Sequence[NotificationDelivery], told: Became) -> None:
        now = real_now()
        is_there = told.status in {"delivered", "read"}
        for row in rows:
            if not is_there and row.status == DeliveryStatus.FAILED and row.reference == told.message_id:
                continue  # what failed was sent before: the two come in any order, and more than once
            if row.status in _WAITS or (is_there and row.status == DeliveryStatus.DEAD):
                row.status, row.sent_at = DeliveryStatus.SENT, row.sent_at or now
                row.error_code = row.error = None
                row.reference = told.message_id
            if is_there:
                row.delivered_at = row.delivered_at or now
            if told.status == "read":
                row.read_at = row.read_at or now
            row.updated_at = now
        if is_there and rows[0].user_id is not None:
            await PeopleRepository(self._scope).failed(rows[0].user_id, None)
        await self._scope.session.flush()

    async def _failed(self, rows: Sequence[NotificationDelivery], told: Became) -> None:
        """Nothing arrived, so that another try is safe where it may end better."""
        now = real_now()
        open_ones = [
            each
            for each in rows
            if each.delivered_at is None
            and each.status in (*_WAITS, DeliveryStatus.SENT)
            and each.reference in {None, told.message_id}
        ]
        if not open_ones:
            return
        judged = _NO_CODE if told.code is None else verdict(told.code)
        word = "failed" if told.code is None else str(told.code)
        outcome = outcome_of(judged, word)
        dead = is_dead(outcome, max(each.attempts for each in open_ones))
        for row in open_ones:
            row.status = DeliveryStatus.DEAD if dead else DeliveryStatus.FAILED
            row.due_at = now if dead else due_again(now, row.attempts, outcome)
            row.error_code, row.error, row.reference = outcome.code, outcome.error, told.message_id
            row.updated_at = now
        await self._scope.session.flush()
        NOTIFICATION_DELIVERIES.labels(Channel.WHATSAPP, open_ones[0].status).inc(len(open_ones))
        if open_ones[0].user_id is not None:
            await note(self._scope, judged, word, user_id=open_ones[0].user_id, template=None)
        if outcome.retry_after is not None:
            theirs = open_ones[0].user_id if outcome.rests_one else None
            until = now + timedelta(seconds=outcome.retry_after)
            await self._rows.postpone(Channel.WHATSAPP, until, user_id=theirs)
        if judged.fate is Fate.TEMPLATE:
            await self._scope.enqueue("notifications.look_at_whatsapp", {}, unless_pending=True)
        if dead:
            await fall_back(self._scope, [each.id for each in open_ones])
        else:
            await self._scope.enqueue("notifications.send_due", {}, unless_pending=True)


def _parcel(callback: str | None) -> UUID | None:
    try:
        return UUID(hex=callback) if callback else None
    except ValueError:
        return None
