"""What told orders are worth since, and how each platform that was told of one stands to that."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from app.core.clock import real_now
from app.db.session import TenantScope
from app.models.integrations.conversions import (
    ConversionAdjustment,
    ConversionDelivery,
    ConversionValue,
)
from app.models.integrations.kinds import DeliveryStatus
from app.services.integrations.conversions.rules import TAKEN_BACK, AdjustmentStatus

# An order that is worth what was told needs no row, unless it has one that says otherwise.
_CHANGED = """
INSERT INTO conversion_values AS old
  (tenant_id, dedupe_key, value_micros, currency, told_micros, told_currency, changed_at)
SELECT $1, n.key, n.value, n.currency, n.told, n.told_currency, $7
FROM unnest($2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::text[])
  AS n (key, value, currency, told, told_currency)
WHERE (n.value, n.currency) IS DISTINCT FROM (n.told, n.told_currency)
  OR EXISTS (SELECT FROM conversion_values AS v WHERE v.tenant_id = $1 AND v.dedupe_key = n.key)
ORDER BY n.key
ON CONFLICT (dedupe_key, tenant_id) DO UPDATE SET value_micros = excluded.value_micros,
  currency = excluded.currency, version = old.version + 1, changed_at = excluded.changed_at
WHERE (old.value_micros, old.currency) IS DISTINCT FROM (excluded.value_micros, excluded.currency)
RETURNING dedupe_key, value_micros
"""
# What was left out for being taken back has never arrived: it may go, once.
_GO_AFTER_ALL = """
UPDATE conversion_deliveries AS d SET status = 'queued', reason = NULL, attempts = 0, next_attempt_at = NULL
WHERE d.tenant_id = $1 AND d.dedupe_key = ANY($2::text[]) AND d.status = 'skipped' AND d.reason = $3
"""


class Worth(Protocol):
    """What an order is worth now, and what it was when it was told; zero is one that was taken back."""

    @property
    def key(self) -> str: ...
    @property
    def micros(self) -> int: ...
    @property
    def currency(self) -> str: ...
    @property
    def told_micros(self) -> int: ...
    @property
    def told_currency(self) -> str: ...


@dataclass(frozen=True, slots=True)
class ToAdjust:
    """A delivery that its platform has, and its order's worth now. `held` is how it stood to that until now."""

    delivery: ConversionDelivery
    value: ConversionValue
    held: ConversionAdjustment | None

    @property
    def reported(self) -> tuple[int, str]:
        if self.held is None:
            return self.value.told_micros, self.value.told_currency
        return self.held.reported_micros, self.held.reported_currency

    @property
    def is_even(self) -> bool:
        return self.reported == (self.value.value_micros, self.value.currency)


@dataclass(frozen=True, slots=True)
class Adjusted:
    """How a delivery stands to what its order is worth now."""

    adjustment: ConversionAdjustment
    value: ConversionValue


class ConversionValues:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._session = scope.session

    async def changed(self, worths: Sequence[Worth]) -> int:
        """How many are worth something else than what is known; platforms follow after the commit."""
        if not worths:
            return 0
        driver = await self._scope.driver()
        rows = await driver.fetch(
            _CHANGED,
            self._scope.tenant_id,
            [each.key for each in worths],
            [each.micros for each in worths],
            [each.currency for each in worths],
            [each.told_micros for each in worths],
            [each.told_currency for each in worths],
            self._scope.now(),
        )
        if back := [row[0] for row in rows if row[1] > 0]:
            await driver.execute(_GO_AFTER_ALL, self._scope.tenant_id, back, TAKEN_BACK)
        if rows:
            await self._scope.enqueue("integrations.adjustments_due", {}, unless_pending=True)
        return len(rows)

    async def of(self, keys: Collection[str]) -> Mapping[str, ConversionValue]:
        """By the keys of those whose worth has changed."""
        statement = select(ConversionValue).where(ConversionValue.dedupe_key.in_(keys))
        return {each.dedupe_key: each for each in await self._session.scalars(statement)}

    async def misreported(self, beginnings: Sequence[str]) -> dict[str, int]:
        """By how the keys of orders begin: how many of those a platform holds at another amount, and will."""
        value, row, delivery = ConversionValue, ConversionAdjustment, ConversionDelivery
        stuck = (
            select(value.dedupe_key)
            .join(
                delivery,
                and_(delivery.tenant_id == value.tenant_id, delivery.dedupe_key == value.dedupe_key),
            )
            .join(row, and_(row.tenant_id == delivery.tenant_id, row.delivery_id == delivery.id))
            .where(row.status.in_((AdjustmentStatus.IMPOSSIBLE, AdjustmentStatus.DEAD)))
            .distinct()
            .subquery()
        )
        counted = [
            func.count().filter(stuck.c.dedupe_key.startswith(each, autoescape=True)) for each in beginnings
        ]
        if not counted:
            return {}
        found = (await self._session.execute(select(*counted).select_from(stuck))).one()
        return dict(zip(beginnings, found, strict=True))


class AdjustmentRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._session = scope.session

    async def due(self, ad_account_id: UUID, platform_event: str, most: int) -> list[ToAdjust]:
        """What its platform has taken for good, and holds at another worth than is known now."""
        value, delivery, row = ConversionValue, ConversionDelivery, ConversionAdjustment
        statement = (
            select(delivery, value, row)
            .join(value, and_(value.tenant_id == delivery.tenant_id, value.dedupe_key == delivery.dedupe_key))
            .outerjoin(row, and_(row.tenant_id == delivery.tenant_id, row.delivery_id == delivery.id))
            .where(
                delivery.ad_account_id == ad_account_id,
                delivery.platform_event == platform_event,
                delivery.status.in_((DeliveryStatus.ACKNOWLEDGED, DeliveryStatus.SENT)),
                delivery.verdict_due_at.is_(None),
                or_(
                    row.delivery_id.is_(None),
                    row.version < value.version,
                    and_(
                        row.status.in_((AdjustmentStatus.FAILED, AdjustmentStatus.TAKEN)),
                        row.next_at <= real_now(),
                    ),
                ),
                # One whose verdict is out is heard first: what counts then is what the next change departs from.
                or_(
                    row.delivery_id.is_(None),
                    row.status != AdjustmentStatus.TAKEN,
                    row.next_at <= real_now(),
                ),
            )
            .order_by(value.dedupe_key, delivery.id)
            .limit(most)
        )
        return [ToAdjust(*each) for each in await self._session.execute(statement)]

    async def accounts(self) -> Sequence[UUID]:
        """Whose deliveries may have to be adjusted: those of orders that are worth something else now."""
        value, delivery, row = ConversionValue, ConversionDelivery, ConversionAdjustment
        statement = (
            select(delivery.ad_account_id)
            .join(value, and_(value.tenant_id == delivery.tenant_id, value.dedupe_key == delivery.dedupe_key))
            .outerjoin(row, and_(row.tenant_id == delivery.tenant_id, row.delivery_id == delivery.id))
            .where(
                delivery.status.in_((DeliveryStatus.ACKNOWLEDGED, DeliveryStatus.SENT)),
                delivery.verdict_due_at.is_(None),
                or_(
                    row.delivery_id.is_(None),
                    row.version < value.version,
                    and_(
                        row.status.in_((AdjustmentStatus.FAILED, AdjustmentStatus.TAKEN)),
                        row.next_at <= real_now(),
                    ),
                ),
            )
            .distinct()
        )
        return (await self._session.scalars(statement)).all()

    async def keep(
        self,
        rows: Sequence[ToAdjust],
        status: AdjustmentStatus,
        *,
        reason: str | None = None,
        told: bool = False,
        attempts: int = 0,
        next_at: datetime | None = None,
        receipts: Sequence[str] = (),
    ) -> None:
        """How these stand to the change as it was read. `told`: the platform has its worth."""
        if not rows:
            return
        now = self._scope.now()
        values = [
            {
                "tenant_id": self._scope.tenant_id,
                "delivery_id": each.delivery.id,
                "version": each.value.version,
                "status": status,
                "reason": reason,
                "reported_micros": each.value.value_micros if told else each.reported[0],
                "reported_currency": each.value.currency if told else each.reported[1],
                "asked_micros": each.value.value_micros if receipts else None,
                "asked_currency": each.value.currency if receipts else None,
                "attempts": attempts,
                "next_at": next_at,
                "receipts": list(receipts),
                "adjusted_at": now if told else each.held and each.held.adjusted_at,
            }
            for each in rows
        ]
        statement = insert(ConversionAdjustment).values(values)
        new = statement.excluded
        columns = [name for name in values[0] if name not in {"tenant_id", "delivery_id"}]
        await self._session.execute(
            statement.on_conflict_do_update(
                index_elements=["delivery_id", "tenant_id"], set_={name: new[name] for name in columns}
            )
        )

    async def heard(self, rows: Sequence[ToAdjust], *, reason: str | None) -> None:
        """What became of requests that the platform worked at: none is refused, or all for this reason."""
        for each in rows:
            if (held := each.held) is None:
                continue
            held.next_at, held.receipts, held.reason = None, [], reason
            held.status = AdjustmentStatus.DEAD if reason else AdjustmentStatus.ADJUSTED
            if reason is None and held.asked_micros is not None and held.asked_currency is not None:
                held.reported_micros, held.reported_currency = held.asked_micros, held.asked_currency
                held.adjusted_at = self._scope.now()
            self._session.add(await self._session.merge(held))

    async def wait(self, rows: Sequence[ToAdjust], until: datetime) -> None:
        for each in rows:
            if each.held is not None:
                each.held.next_at = until
                self._session.add(await self._session.merge(each.held))

    async def of(self, delivery_ids: Collection[UUID]) -> dict[UUID, Adjusted]:
        row, delivery, value = ConversionAdjustment, ConversionDelivery, ConversionValue
        statement = (
            select(row, value)
            .join(delivery, and_(delivery.tenant_id == row.tenant_id, delivery.id == row.delivery_id))
            .join(value, and_(value.tenant_id == delivery.tenant_id, value.dedupe_key == delivery.dedupe_key))
            .where(row.delivery_id.in_(delivery_ids))
        )
        return {each[0].delivery_id: Adjusted(*each) for each in await self._session.execute(statement)}
