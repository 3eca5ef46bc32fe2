"""What is due leaves: taken in one transaction, sent with none open, settled in another.

Whoever dies between sending and settling leaves a message that is sent again: to be told twice is better than never.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from app.core.clock import real_now
from app.core.config import Settings
from app.core.logging import get_logger
from app.core.metrics import MAILS, NOTIFICATION_DELIVERIES
from app.db.session import Scopes, TenantScope
from app.models.notifications.kinds import (
    Channel,
    DeliveryStatus,
)
from app.services.notifications.channels import webhook, whatsapp
from app.services.notifications.channels.falling_back import fall_back
from app.services.notifications.channels.repository import (
    LEASE,
    DeliveryRepository,
    SlackRepository,
    WebhookRepository,
)
from app.services.notifications.channels.rules import Outcome, due_again, is_dead
from app.services.notifications.channels.writing import OPTED_OUT, Parcel, Post, Writer, is_repeat
from app.services.notifications.cloud_api.codes_rules import Verdict
from app.services.notifications.cloud_api.keys import MakeWhatsApp
from app.services.notifications.mail.errors import MailNotSent
from app.services.notifications.mail.ports import Mail, Mailer
from app.services.notifications.slack.client import SlackClient
from app.services.notifications.slack.ports import Slack, SlackRefused

log = get_logger(__name__)

_BATCH, _MOST_BATCHES = 50, 20
_GIVEN_UP = (DeliveryStatus.DEAD, DeliveryStatus.SKIPPED)

MakeSlack = Callable[[str], Slack]


@dataclass(slots=True)
class _Taken:
    until: datetime
    """Whose turn has not come by then is taken by the next sender."""
    parcels: list[Parcel] = field(default_factory=list)
    pointless: dict[UUID, str] = field(default_factory=dict)


class NotificationSender:
    def __init__(
        self,
        scopes: Scopes,
        mailer: Mailer,
        settings: Settings,
        slack: MakeSlack | None = None,
        whatsapp: MakeWhatsApp | None = None,
        *,
        patience: timedelta = LEASE / 2,
    ) -> None:
        """After `patience` no message of a batch is begun: the lease must outlast the one that is being sent."""
        self._patience = patience
        self._scopes = scopes
        self._mailer = mailer
        self._settings = settings
        self._whatsapp = whatsapp
        self._slack: MakeSlack = slack or (lambda token: SlackClient(settings, token))

    async def send_due(self) -> int:
        """Send whatever is due; answers how many messages were tried."""
        tried = 0
        for _ in range(_MOST_BATCHES):
            async with self._scopes() as scope:
                taken = await self._take(scope)
            if taken is None:
                return tried
            tried += await self._send_all(taken)
        return tried

    async def _send_all(self, taken: _Taken) -> int:
        """Send one after the other; what others may take next, or a channel has no patience for, is given back."""
        tried = 0
        resting: dict[str, datetime] = {}
        for parcel in taken.parcels:
            now = real_now()
            rests = [resting[lane] for lane in parcel.lanes if lane in resting]
            if now >= taken.until or rests:
                async with self._scopes() as scope:
                    due_at = max(rests, default=now)
                    await DeliveryRepository(scope).give_back(parcel.ids, due_at)
                continue
            outcome = await self._send_and_settle(parcel)
            tried += 1
            if outcome.retry_after is not None:
                lane = parcel.lanes[-1 if outcome.rests_one else 0]
                resting[lane] = real_now() + timedelta(seconds=outcome.retry_after)
        return tried

    async def _take(self, scope: TenantScope) -> _Taken | None:
        rows = DeliveryRepository(scope)
        now = real_now()
        claimed = await rows.claim(now, _BATCH)
        if not claimed:
            return None
        told = await rows.notifications({each.notification_id for each in claimed if each.notification_id})
        repeats = [told[each.notification_id] for each in claimed if is_repeat(each) and each.notification_id]
        overtaken = await rows.overtaken(repeats) if repeats else set()
        people = await rows.addressees({each.user_id for each in claimed if each.user_id})
        writer = Writer(scope, self._settings, told, people)
        await writer.look_up(claimed)
        taken = _Taken(now + self._patience)
        wanted = []
        for each in claimed:
            why = writer.why_pointless(each, overtaken)
            if why is None:
                wanted.append(each)
            else:
                taken.pointless[each.id] = why
        for why in set(taken.pointless.values()):
            ids = [each for each, said in taken.pointless.items() if said == why]
            await rows.settle(ids, status=DeliveryStatus.SKIPPED, error_code=why, error=None)
        await fall_back(scope, [each for each, why in taken.pointless.items() if why == OPTED_OUT])
        taken.parcels = await writer.parcels(wanted)
        return taken

    async def _send_and_settle(self, parcel: Parcel) -> Outcome:
        if parcel.letter is None:
            outcome = await self._send(parcel)
            await self._settle(parcel, outcome)
            return outcome
        outcome, judged = await whatsapp.send(self._settings, parcel.letter, self._whatsapp)
        await self._settle(parcel, outcome, judged)
        return outcome

    async def _send(self, parcel: Parcel) -> Outcome:
        if parcel.mail is not None:
            return await self._send_mail(parcel.mail)
        if parcel.refused is not None:
            return parcel.refused
        if parcel.channel is Channel.WEBHOOK:
            return await self._send_post(parcel.post)
        return await self._send_to_slack(parcel)

    @staticmethod
    async def _send_post(message: Post | None) -> Outcome:
        if message is None:
            return Outcome("webhook_not_set", "No webhook is set up any more.", permanent=True)
        return await webhook.send(message.url, message.secrets, message.message_id, message.body)

    async def _send_to_slack(self, parcel: Parcel) -> Outcome:
        if parcel.slack is None or parcel.token is None:
            return Outcome("slack_not_connected", "No Slack workspace is connected.", permanent=True)
        try:
            reference = await self._slack(parcel.token).post(parcel.slack_channel, parcel.slack)
        except SlackRefused as error:
            said = "Slack did not answer." if error.unheard else f"Slack said: {error.code}."
            return Outcome(error.code, said, permanent=error.permanent, retry_after=error.retry_after)
        return Outcome(reference=reference)

    async def _send_mail(self, message: Mail) -> Outcome:
        try:
            await self._mailer.send(message)
        except MailNotSent as error:
            said = error.context.get("reason")
            return Outcome(error.code, f"The mail server did not take it ({said}).")
        if not self._mailer.delivers:
            return Outcome("mail_not_configured", "No mail server is set up: nothing left.", pointless=True)
        MAILS.labels("notification").inc()
        return Outcome()

    async def _settle(self, parcel: Parcel, outcome: Outcome, judged: Verdict | None = None) -> None:
        now = real_now()
        async with self._scopes() as scope:
            rows = DeliveryRepository(scope)
            if outcome.is_sent:
                status = DeliveryStatus.SENT
                settled = await rows.settle(
                    parcel.ids, status=status, sent_at=now, reference=outcome.reference,
                    error_code=None, error=None,
                )  # fmt: skip
            elif outcome.pointless:
                status = DeliveryStatus.SKIPPED
                settled = await rows.settle(
                    parcel.ids, status=status, error_code=outcome.code, error=outcome.error
                )
            else:
                dead = is_dead(outcome, parcel.attempts)
                status = DeliveryStatus.DEAD if dead else DeliveryStatus.FAILED
                due_at = now if dead else due_again(now, parcel.attempts, outcome)
                settled = await rows.settle(
                    parcel.ids, status=status, due_at=due_at, error_code=outcome.code, error=outcome.error
                )
            if parcel.channel is Channel.SLACK:
                await SlackRepository(scope).heard(outcome.code)
            elif parcel.channel is Channel.WEBHOOK:
                await WebhookRepository(scope).heard(outcome.error, is_gone=outcome.permanent)
            if parcel.letter is not None:
                await whatsapp.settled(
                    scope, parcel.letter, outcome, judged, given_up=settled if status in _GIVEN_UP else ()
                )
            if parcel.channel is not Channel.EMAIL and outcome.retry_after is not None:
                theirs = parcel.letter.user_id if parcel.letter is not None and outcome.rests_one else None
                until = now + timedelta(seconds=outcome.retry_after)
                await rows.postpone(parcel.channel, until, user_id=theirs)
        NOTIFICATION_DELIVERIES.labels(parcel.channel, status).inc(len(parcel.ids))
        log.info("notifications.delivery", channel=parcel.channel, status=status, code=outcome.code)
