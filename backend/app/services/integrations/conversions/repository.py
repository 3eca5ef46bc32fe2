from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from app.core.clock import real_now
from app.core.ids import uuid7
from app.db.session import TenantScope
from app.db.utils import newest_first
from app.models.cdp.events import CdpEvent
from app.models.integrations.conversions import ConversionDelivery
from app.models.integrations.kinds import DeliveryStatus
from app.services.integrations.conversions.rules import FIRST_VERDICT, RELEASED_BY, ValueHistory
from app.services.integrations.ports import Acknowledgement

_WAITING = (DeliveryStatus.QUEUED, DeliveryStatus.FAILED)
_CHUNK = 1_000
"""Rows a statement: PostgreSQL takes 32,767 parameters."""
_LEASE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class DeliveryCounts:
    """Of the deliveries queued in a window; those that were never to be sent stand apart."""

    acknowledged: int
    waiting: int
    dead: int
    skipped: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class Awaiting:
    """A delivery that was acknowledged, and may still be refused."""

    id: UUID
    platform: str
    acknowledged_at: datetime


@dataclass(frozen=True, slots=True)
class Coverage:
    events: int
    carried: Mapping[str, int]
    """How many of them carried each match key, by the platform's name of it."""


class ConversionRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._session = scope.session

    async def queue(self, rows: Sequence[Mapping[str, Any]]) -> int:
        """Add those that are not known yet, by the platform's own key of deduplication."""
        ordered = sorted(rows, key=lambda row: (str(row["ad_account_id"]), row["dedupe_key"]))
        added = 0
        for start in range(0, len(ordered), _CHUNK):
            chunk = ordered[start : start + _CHUNK]
            statement = (
                insert(ConversionDelivery)
                .values([{"tenant_id": self._scope.tenant_id, "id": uuid7(), **row} for row in chunk])
                .on_conflict_do_nothing(
                    index_elements=["tenant_id", "ad_account_id", "platform_event", "dedupe_key"]
                )
                .returning(ConversionDelivery.id)
            )
            added += len((await self._session.execute(statement)).all())
        return added

    async def claim(self, ad_account_id: UUID, limit: int) -> Sequence[ConversionDelivery]:
        """The next ones due, for this caller alone: unless they are settled they are due again in five minutes."""
        due = (
            select(ConversionDelivery.id)
            .where(
                ConversionDelivery.ad_account_id == ad_account_id,
                ConversionDelivery.status.in_(_WAITING),
                or_(
                    ConversionDelivery.next_attempt_at.is_(None),
                    ConversionDelivery.next_attempt_at <= real_now(),
                ),
            )
            .order_by(ConversionDelivery.event_time, ConversionDelivery.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        ids = (await self._session.scalars(due)).all()
        statement = (
            update(ConversionDelivery)
            .where(ConversionDelivery.id.in_(ids))
            .values(attempts=ConversionDelivery.attempts + 1, next_attempt_at=real_now() + _LEASE)
            .returning(ConversionDelivery)
        )
        return (await self._session.scalars(statement)).all() if ids else []

    async def let_go(self, claimed: Sequence[ConversionDelivery]) -> None:
        """Of those, what is still claimed by this caller is due now."""
        delivery = ConversionDelivery
        await self._session.execute(
            update(delivery)
            .where(
                delivery.id.in_([each.id for each in claimed]),
                delivery.status.in_(_WAITING),
                delivery.next_attempt_at.in_({each.next_attempt_at for each in claimed}),
            )
            .values(next_attempt_at=real_now())
        )

    async def settle(self, ids: Sequence[UUID], **values: Any) -> None:
        await self._session.execute(
            update(ConversionDelivery).where(ConversionDelivery.id.in_(ids)).values(**values)
        )

    async def tried(self, ids: Sequence[UUID]) -> None:
        """They leave now: whatever comes of it, they may have arrived."""
        delivery = ConversionDelivery
        await self._session.execute(
            update(delivery)
            .where(delivery.id.in_(ids), delivery.first_tried_at.is_(None))
            .values(first_tried_at=real_now())
        )

    async def acknowledge(
        self, keys: Mapping[UUID, Sequence[str]], answer: Acknowledgement, *, now: datetime
    ) -> None:
        """The platform took them; where it gave receipts, it is asked later what it made of them."""
        verdict_due_at = real_now() + FIRST_VERDICT if answer.receipts else None
        by_keys: dict[tuple[str, ...], list[UUID]] = {}
        for delivery_id, carried in keys.items():
            by_keys.setdefault(tuple(carried), []).append(delivery_id)
        for carried, ids in by_keys.items():
            await self.settle(
                ids,
                status=DeliveryStatus.ACKNOWLEDGED,
                reason=None,
                match_keys=list(carried),
                sent_at=now,
                acknowledged_at=now,
                next_attempt_at=None,
                receipts=list(answer.receipts),
                verdict_due_at=verdict_due_at,
                response=dict(answer.response),
            )

    async def await_verdicts(self, ad_account_id: UUID, limit: int) -> dict[tuple[str, ...], list[Awaiting]]:
        """Requests whose verdict is due, with all that went along in each; for this caller alone, for five minutes."""
        delivery = ConversionDelivery
        waits = (delivery.ad_account_id == ad_account_id, delivery.verdict_due_at <= real_now())
        requests = select(delivery.receipts).where(*waits).group_by(delivery.receipts).limit(limit)
        rows = await self._session.execute(
            update(delivery)
            .where(*waits, delivery.receipts.in_(requests))
            .values(verdict_due_at=real_now() + _LEASE)
            .returning(delivery.id, delivery.receipts, delivery.platform, delivery.acknowledged_at)
        )
        found: dict[tuple[str, ...], list[Awaiting]] = {}
        for row in rows:
            found.setdefault(tuple(row.receipts), []).append(
                Awaiting(row.id, row.platform, row.acknowledged_at)
            )
        return found

    async def give_up(self, ids: Sequence[UUID], *, reason: str) -> None:
        """They were acknowledged, and came to nothing."""
        await self.settle(
            ids, status=DeliveryStatus.DEAD, reason=reason, acknowledged_at=None, verdict_due_at=None
        )

    async def tell_again(self, ids: Sequence[UUID]) -> None:
        """What was told before is not held back for its value now."""
        await self.settle(
            ids,
            status=DeliveryStatus.QUEUED,
            attempts=0,
            acknowledged_at=None,
            verdict_due_at=None,
            response={RELEASED_BY: "told_before"},
        )

    async def accounts_awaiting_verdicts(self) -> Sequence[UUID]:
        statement = (
            select(ConversionDelivery.ad_account_id)
            .distinct()
            .where(ConversionDelivery.verdict_due_at <= real_now())
        )
        return (await self._session.scalars(statement)).all()

    async def value_history(self, currency: str, *, since: datetime, until: datetime) -> ValueHistory:
        """Of the orders of that currency received in the window, each told of once."""
        logarithm = func.ln(CdpEvent.value_micros)
        orders, lower, middle, upper = (
            await self._session.execute(
                select(
                    func.count(),
                    *(func.percentile_cont(share).within_group(logarithm) for share in (0.25, 0.5, 0.75)),
                ).where(
                    CdpEvent.is_order,
                    CdpEvent.currency == currency,
                    CdpEvent.value_micros > 0,
                    CdpEvent.received_at >= since,
                    CdpEvent.received_at < until,
                )
            )
        ).one()
        return ValueHistory(orders, float(lower or 0), float(middle or 0), float(upper or 0))

    async def accounts_with_due(self) -> Sequence[UUID]:
        statement = (
            select(ConversionDelivery.ad_account_id)
            .distinct()
            .where(
                ConversionDelivery.status.in_(_WAITING),
                or_(
                    ConversionDelivery.next_attempt_at.is_(None),
                    ConversionDelivery.next_attempt_at <= real_now(),
                ),
            )
        )
        return (await self._session.scalars(statement)).all()

    async def find_for_update(self, delivery_id: UUID) -> ConversionDelivery | None:
        statement = select(ConversionDelivery).where(ConversionDelivery.id == delivery_id).with_for_update()
        return (await self._session.scalars(statement)).one_or_none()

    async def queue_again(self, ad_account_id: UUID, reason: str | None) -> int:
        """Those that failed or were given up for that reason, with all their attempts before them; how many."""
        statement = (
            update(ConversionDelivery)
            .where(
                ConversionDelivery.ad_account_id == ad_account_id,
                ConversionDelivery.status.in_((DeliveryStatus.FAILED, DeliveryStatus.DEAD)),
                ConversionDelivery.reason == reason,
            )
            .values(status=DeliveryStatus.QUEUED, attempts=0, next_attempt_at=None, reason=None)
            .returning(ConversionDelivery.id)
        )
        return len((await self._session.execute(statement)).all())

    async def newest(
        self, *, status: str | None, ad_account_id: UUID | None, cursor: str | None, limit: int
    ) -> tuple[Sequence[ConversionDelivery], str | None]:
        statement = select(ConversionDelivery)
        if status:
            statement = statement.where(ConversionDelivery.status == status)
        if ad_account_id:
            statement = statement.where(ConversionDelivery.ad_account_id == ad_account_id)
        return await newest_first(
            self._session,
            statement,
            at=ConversionDelivery.created_at,
            id=ConversionDelivery.id,
            cursor=cursor,
            limit=limit,
        )

    async def counts(self, ad_account_id: UUID, *, since: datetime, until: datetime) -> DeliveryCounts:
        statement = (
            select(ConversionDelivery.status, func.count())
            .where(
                ConversionDelivery.ad_account_id == ad_account_id,
                ConversionDelivery.queued_at >= since,
                ConversionDelivery.queued_at < until,
            )
            .group_by(ConversionDelivery.status)
        )
        found: dict[str, int] = {row[0]: row[1] for row in await self._session.execute(statement)}
        return DeliveryCounts(
            acknowledged=found.get(DeliveryStatus.ACKNOWLEDGED, 0),
            waiting=sum(found.get(one, 0) for one in (*_WAITING, DeliveryStatus.SENT)),
            dead=found.get(DeliveryStatus.DEAD, 0),
            skipped=found.get(DeliveryStatus.SKIPPED, 0),
            quarantined=found.get(DeliveryStatus.QUARANTINED, 0),
        )

    async def coverage(self, ad_account_id: UUID, *, since: datetime) -> Coverage:
        sent = (
            select(ConversionDelivery.match_keys)
            .where(
                ConversionDelivery.ad_account_id == ad_account_id,
                ConversionDelivery.status == DeliveryStatus.ACKNOWLEDGED,
                ConversionDelivery.acknowledged_at >= since,
            )
            .subquery()
        )
        events = await self._session.scalar(select(func.count()).select_from(sent)) or 0
        key = func.unnest(sent.c.match_keys).label("key")
        keys = select(key).select_from(sent).subquery()
        counted = select(keys.c.key, func.count()).group_by(keys.c.key)
        return Coverage(events, {row[0]: row[1] for row in await self._session.execute(counted)})
