"""Conversions sent on to the platforms: queued when events are accepted, sent in batches, never in silence."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from app.core.clock import real_now
from app.core.logging import get_logger
from app.core.metrics import CONVERSIONS
from app.db.session import Scopes, TenantScope
from app.models.cdp.events import CdpEvent
from app.models.integrations.ad_accounts import AdAccount
from app.models.integrations.conversions import ConversionDelivery
from app.models.integrations.kinds import DeliveryStatus
from app.services.audit_logs.service import AuditLog
from app.services.cdp.events.service import EventFilter, EventService
from app.services.integrations.account_repository import AdAccountRepository
from app.services.integrations.conversions import rules
from app.services.integrations.conversions.errors import DeliveryNotFound, NotReplayable
from app.services.integrations.conversions.questions import (
    may_go_to_ads,
    of_the_erased,
    stored_event,
    told_before,
)
from app.services.integrations.conversions.repository import ConversionRepository, Coverage, DeliveryCounts
from app.services.integrations.conversions.value_repository import (
    Adjusted,
    AdjustmentRepository,
    ConversionValues,
)
from app.services.integrations.ports import (
    AdPlatform,
    ConversionEvent,
    EventRefused,
    PlatformError,
    PlatformErrorKind,
    PreparedEvent,
)
from app.services.integrations.service import IntegrationsService, event_names

log = get_logger(__name__)

_PAGE = 500
_BATCH = 200
_MOST_BATCHES = 50
_MOST_REFUSALS = 64
"""Requests that a platform may refuse whole before the rest waits: where all are refused, halving helps nobody."""
_REPLAYABLE = frozenset(
    {DeliveryStatus.FAILED, DeliveryStatus.DEAD, DeliveryStatus.SKIPPED, DeliveryStatus.QUARANTINED}
)
_HISTORY = timedelta(days=60)
_REFUSED = "consent_refused"

__all__ = [
    "Adjusted",
    "ConversionSender",
    "ConversionService",
    "ConversionValues",
    "Coverage",
    "DeliveryCounts",
]


class ConversionService:
    """What is to be sent, and what became of it."""

    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._deliveries = ConversionRepository(scope)

    async def queue_accepted(self, received_from: datetime, received_to: datetime) -> int:
        """Queue the conversions among the events received then; the same event is queued once."""
        accounts = [
            one
            for one in await AdAccountRepository(self._scope).enabled()
            if one.conversions_enabled and one.pixel_id
        ]
        if not accounts:
            return 0
        queued = 0
        async for events in self._accepted(received_from, received_to):
            rows = await self._rows(events, accounts)
            queued += await self._deliveries.queue(rows)
        if queued:
            for account in accounts:
                await self._ask_to_send(account.id)
        return queued

    async def enqueue_due(self) -> None:
        for ad_account_id in await self._deliveries.accounts_with_due():
            await self._ask_to_send(ad_account_id)

    async def newest(
        self, *, status: str | None, ad_account_id: UUID | None, cursor: str | None, limit: int
    ) -> tuple[Sequence[ConversionDelivery], str | None]:
        return await self._deliveries.newest(
            status=status, ad_account_id=ad_account_id, cursor=cursor, limit=limit
        )

    async def adjustments(self, delivery_ids: Sequence[UUID]) -> Mapping[UUID, Adjusted]:
        """Of those whose order is worth something else since: how they stand to that."""
        return await AdjustmentRepository(self._scope).of(delivery_ids)

    async def replay(self, delivery_id: UUID) -> ConversionDelivery:
        """Try again what failed, or let go what was quarantined; what must not be told stays untold, and says so."""
        delivery = await self._deliveries.find_for_update(delivery_id)
        if delivery is None:
            raise DeliveryNotFound(delivery_id=str(delivery_id))
        if delivery.status not in _REPLAYABLE:
            raise NotReplayable(status=delivery.status)
        before = delivery.status
        if before == DeliveryStatus.QUARANTINED:
            delivery.response = {rules.RELEASED_BY: self._scope.actor.label}
        delivery.status, delivery.attempts = DeliveryStatus.QUEUED, 0
        delivery.next_attempt_at = delivery.reason = None
        await AuditLog(self._scope).record(
            "integrations.conversions.replayed",
            entity="conversion_deliveries",
            entity_id=delivery.id,
            before={"status": before},
            after={"status": delivery.status},
        )
        await self._ask_to_send(delivery.ad_account_id)
        return delivery

    async def replay_failed(self, ad_account_id: UUID, reason: str | None) -> int:
        """Queue again what failed or was given up there for that reason; how many.

        A batch has no name: what of it has arrived is acknowledged and stays so, and the rest stands under its reason.
        """
        queued = await self._deliveries.queue_again(ad_account_id, reason)
        if queued:
            await self._ask_to_send(ad_account_id)
        return queued

    async def counts(self, ad_account_id: UUID, *, since: datetime, until: datetime) -> DeliveryCounts:
        """Of what was queued from `since` to before `until`, in domain time."""
        return await self._deliveries.counts(ad_account_id, since=since, until=until)

    async def coverage(self, ad_account_id: UUID, *, since: datetime) -> Coverage:
        """Which match keys went along with the conversions acknowledged since then."""
        return await self._deliveries.coverage(ad_account_id, since=since)

    async def _accepted(self, since: datetime, until: datetime) -> Any:
        wanted = EventFilter(since=since, until=until + timedelta(microseconds=1))
        cursor: str | None = None
        while True:
            events, cursor = await EventService(self._scope).newest(wanted, cursor=cursor, limit=_PAGE)
            yield events
            if cursor is None:
                return

    async def _rows(self, events: Sequence[CdpEvent], accounts: Sequence[AdAccount]) -> list[dict[str, Any]]:
        conversions = [
            (event, name)
            for event in events
            if (name := rules.canonical(event.event_type, event.event_name)) is not None
        ]
        barred = await of_the_erased(self._scope, [event for event, _ in conversions])
        barred |= await told_before(self._scope, [event for event, _ in conversions])
        named = [each for each in conversions if each[0].id not in barred]
        stored = [stored_event(event, self._scope.tenant_id) for event, _ in named]
        decided = await may_go_to_ads(
            self._scope, [(event, each) for (event, _), each in zip(named, stored, strict=True)]
        )
        return [
            {
                "ad_account_id": account.id,
                "platform": account.platform,
                "event_id": event.id,
                "event_received_at": event.received_at,
                "dedupe_key": rules.dedupe_key(each),
                "event_name": name,
                "platform_event": platform_event,
                "event_time": event.event_time,
                "status": DeliveryStatus.QUEUED if granted else DeliveryStatus.SKIPPED,
                "reason": None if granted else _REFUSED,
                "queued_at": self._scope.now(),
            }
            for (event, name), each, granted in zip(named, stored, decided, strict=True)
            for account in accounts
            if (platform_event := event_names(account.platform).get(name)) is not None
        ]

    async def _ask_to_send(self, ad_account_id: UUID) -> None:
        payload = {"ad_account_id": str(ad_account_id)}
        await self._scope.enqueue("integrations.send_conversions", payload, unless_pending=True)


class ConversionSender:
    """Sends what is due, between short transactions. Sending twice is harmless: platforms deduplicate by event id."""

    def __init__(self, scopes: Scopes, *, batch: int = _BATCH) -> None:
        self._scopes = scopes
        self._batch = batch

    async def send_due(self, ad_account_id: UUID) -> int:
        """How many were settled: acknowledged, or left out for good."""
        settled, refusals = 0, count(1)
        for _ in range(_MOST_BATCHES):
            async with self._scopes() as scope:
                account = await AdAccountRepository(scope).find(ad_account_id)
                if account is None or not account.conversions_enabled or not account.pixel_id:
                    return settled
                claimed = await ConversionRepository(scope).claim(ad_account_id, self._batch)
            if not claimed:
                return settled
            sent = await self._send_or_let_go(account, claimed, refusals)
            settled += sent
            if not sent:
                return settled
        return settled

    async def _send_or_let_go(
        self, account: AdAccount, claimed: Sequence[ConversionDelivery], refusals: Iterator[int]
    ) -> int:
        """Whatever stops it, what it had claimed and not settled is due at once for the next who tries."""
        try:
            return await self._send(account, claimed, refusals)
        except BaseException:
            async with self._scopes() as scope:
                await ConversionRepository(scope).let_go(claimed)
            raise

    async def _send(
        self, account: AdAccount, claimed: Sequence[ConversionDelivery], refusals: Iterator[int]
    ) -> int:
        try:
            platform = await IntegrationsService(self._scopes).connector(account.id)
        except PlatformError as error:
            return await self._failed(claimed, error)
        prepared = await self._prepare(platform, claimed)
        if not prepared:
            return len(claimed)
        return await self._transmit(platform, account, prepared, refusals)

    async def _prepare(
        self, platform: AdPlatform, claimed: Sequence[ConversionDelivery]
    ) -> dict[UUID, tuple[ConversionDelivery, PreparedEvent]]:
        """Consent and form are checked again now: time has passed since they were queued."""
        ready: dict[UUID, tuple[ConversionDelivery, PreparedEvent]] = {}
        left_out: dict[str, list[UUID]] = {}
        async with self._scopes() as scope:
            deliveries = ConversionRepository(scope)
            now = scope.now()
            events = await EventService(scope).by_keys([(d.event_received_at, d.event_id) for d in claimed])
            found = {event.id: (event, stored_event(event, scope.tenant_id)) for event in events}
            decided = await may_go_to_ads(scope, list(found.values()))
            granted = {event_id for event_id, yes in zip(found, decided, strict=True) if yes}
            erased = await of_the_erased(scope, events)
            usual = await self._pasts(deliveries, events, now)
            undone = {key for key, value in await self._worths(scope, claimed) if not value}
            quarantined: list[UUID] = []
            for delivery in claimed:
                if delivery.event_id not in found:
                    left_out.setdefault("event_erased", []).append(delivery.id)
                    continue
                if delivery.event_id in erased:
                    left_out.setdefault("person_erased", []).append(delivery.id)
                    continue
                if delivery.dedupe_key in undone and delivery.first_tried_at is None:
                    left_out.setdefault(rules.TAKEN_BACK, []).append(delivery.id)
                    continue
                if delivery.event_id not in granted:
                    left_out.setdefault(_REFUSED, []).append(delivery.id)
                    continue
                _, stored = found[delivery.event_id]
                conversion = rules.to_conversion(stored, delivery.event_name)
                if self._is_held_back(delivery, conversion, usual):
                    quarantined.append(delivery.id)
                    continue
                prepared = platform.prepare_event(conversion, now)
                if isinstance(prepared, EventRefused):
                    left_out.setdefault(prepared.reason, []).append(delivery.id)
                else:
                    ready[delivery.id] = (delivery, prepared)
            if quarantined:
                CONVERSIONS.labels(platform.platform, DeliveryStatus.QUARANTINED).inc(len(quarantined))
                await deliveries.settle(
                    quarantined,
                    status=DeliveryStatus.QUARANTINED,
                    reason="outlier_value",
                    next_attempt_at=None,
                )
                log.warning("integrations.conversions.quarantined", count=len(quarantined))
            await deliveries.tried(list(ready))
            for reason, ids in left_out.items():
                CONVERSIONS.labels(platform.platform, DeliveryStatus.SKIPPED).inc(len(ids))
                await deliveries.settle(
                    ids, status=DeliveryStatus.SKIPPED, reason=reason, next_attempt_at=None
                )
        return ready

    @staticmethod
    async def _worths(scope: TenantScope, claimed: Sequence[ConversionDelivery]) -> list[tuple[str, int]]:
        """What those are worth now of which that has changed since their event."""
        values = await ConversionValues(scope).of([each.dedupe_key for each in claimed])
        return [(key, value.value_micros) for key, value in values.items()]

    @staticmethod
    async def _pasts(
        deliveries: ConversionRepository, events: Sequence[CdpEvent], now: datetime
    ) -> dict[str, rules.ValueHistory]:
        """What the shop's orders of each currency among these were worth of late."""
        priced = [event for event in events if event.currency and event.value_micros]
        return {
            currency: await deliveries.value_history(currency, since=now - _HISTORY, until=now)
            for currency in {event.currency for event in priced if event.currency}
        }

    @staticmethod
    def _is_held_back(
        delivery: ConversionDelivery, conversion: ConversionEvent, past: Mapping[str, rules.ValueHistory]
    ) -> bool:
        """An outlier, unless a person has let it go."""
        if conversion.value_micros is None or conversion.currency is None:
            return False
        known = past.get(conversion.currency)
        released = rules.RELEASED_BY in (delivery.response or {})
        return known is not None and not released and rules.is_outlier(conversion.value_micros, known)

    async def _transmit(
        self,
        platform: AdPlatform,
        account: AdAccount,
        ready: Mapping[UUID, tuple[ConversionDelivery, PreparedEvent]],
        refusals: Iterator[int],
    ) -> int:
        events = [event for _, event in ready.values()]
        try:
            answer = await platform.send_events(account.pixel_id or "", events)
        except PlatformError as error:
            told = [delivery for delivery, _ in ready.values()]
            if error.kind is PlatformErrorKind.INVALID and len(ready) > 1:
                if next(refusals) > _MOST_REFUSALS:
                    return await self._failed(told, error, for_good=False)
                return await self._halves(platform, account, ready, refusals)
            return await self._failed(told, error)
        async with self._scopes() as scope:
            deliveries = ConversionRepository(scope)
            if answer.received == len(events):
                CONVERSIONS.labels(platform.platform, DeliveryStatus.ACKNOWLEDGED).inc(len(events))
                keys = {delivery_id: event.match_keys for delivery_id, (_, event) in ready.items()}
                went = replace(answer, response={**answer.response, rules.DESTINATION: account.pixel_id})
                await deliveries.acknowledge(keys, went, now=scope.now())
            else:
                await deliveries.settle(
                    list(ready),
                    status=DeliveryStatus.SENT,
                    reason="partly_received",
                    sent_at=scope.now(),
                    next_attempt_at=None,
                    response=dict(answer.response),
                )
        return len(events)

    async def _halves(
        self,
        platform: AdPlatform,
        account: AdAccount,
        ready: Mapping[UUID, tuple[ConversionDelivery, PreparedEvent]],
        refusals: Iterator[int],
    ) -> int:
        """One bad event has the whole request refused: find it, so that the others arrive."""
        items = list(ready.items())
        middle = len(items) // 2
        first = await self._transmit(platform, account, dict(items[:middle]), refusals)
        return first + await self._transmit(platform, account, dict(items[middle:]), refusals)

    async def _failed(
        self, deliveries: Sequence[ConversionDelivery], error: PlatformError, *, for_good: bool = True
    ) -> int:
        """How many were given up for good; the others are tried again later."""
        never = for_good and error.kind in {PlatformErrorKind.INVALID, PlatformErrorKind.UNSUPPORTED}
        given_up = [one.id for one in deliveries if never or one.attempts >= rules.MOST_ATTEMPTS]
        ended = set(given_up)
        waiting = [one for one in deliveries if one.id not in ended]
        async with self._scopes() as scope:
            rows = ConversionRepository(scope)
            if given_up:
                CONVERSIONS.labels(deliveries[0].platform, DeliveryStatus.DEAD).inc(len(given_up))
                await rows.settle(
                    given_up, status=DeliveryStatus.DEAD, reason=error.code, next_attempt_at=None
                )
            for attempts in {one.attempts for one in waiting}:
                pause = rules.pause_before_retry(attempts, error.retry_after)
                await rows.settle(
                    [one.id for one in waiting if one.attempts == attempts],
                    status=DeliveryStatus.FAILED,
                    reason=error.code,
                    next_attempt_at=real_now() + pause,
                )
        log.warning(
            "integrations.conversions.not_sent",
            code=error.code,
            given_up=len(given_up),
            to_be_retried=len(waiting),
        )
        return len(given_up)
