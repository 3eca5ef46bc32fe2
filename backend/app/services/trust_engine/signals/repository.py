"""What the database holds of an account's evidence, measured by sets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, func, select, text

from app.db.readers import Reads
from app.db.session import TenantScope
from app.db.utils import newest_first
from app.models.integrations.ad_accounts import AccountSync
from app.models.integrations.conversions import ConversionDelivery
from app.models.integrations.kinds import DeliveryStatus
from app.models.trust_engine.signals import TrustSignal
from app.services.trust_engine.signals.match_rules import Sent
from app.services.trust_engine.signals.measurements import Fact

_DAYS = text("""
SELECT m.day, sum(m.spend_micros)::bigint AS spend_micros, sum(m.impressions)::bigint AS impressions,
  sum(m.clicks)::bigint AS clicks, sum(m.conversions)::float AS conversions,
  sum(m.conversion_value_micros)::bigint AS value_micros, min(m.maturity)::float AS maturity
FROM campaign_metrics_daily m JOIN campaigns c ON c.tenant_id = m.tenant_id AND c.id = m.campaign_id
WHERE m.tenant_id = :tenant AND c.ad_account_id = :account AND m.day >= :since
GROUP BY m.day ORDER BY m.day
""")

# As known at a moment: for each campaign and day the last observation that had been made by then.
_AS_KNOWN = text("""
SELECT o.day, sum(o.conversions)::float AS conversions, sum(o.conversion_value_micros)::bigint AS value_micros,
  min(o.maturity)::float AS maturity
FROM (
  SELECT DISTINCT ON (m.campaign_id, m.day) m.day, m.conversions, m.conversion_value_micros, m.maturity
  FROM campaign_metrics_observations m
  JOIN campaigns c ON c.tenant_id = m.tenant_id AND c.id = m.campaign_id
  WHERE m.tenant_id = :tenant AND c.ad_account_id = :account AND m.day >= :since AND m.observed_at <= :at
  ORDER BY m.campaign_id, m.day, m.observed_at DESC
) AS o GROUP BY o.day ORDER BY o.day
""")

# An hour's telling is of what happened before it: midnight's is the ended day's. The first that is known is left out,
# which tells of all that an account had done until it was connected.
_TELLINGS = text("""
SELECT ((t.told_at - interval '1 second') AT TIME ZONE :zone)::date AS day, max(t.told_at) AS last_at, each.age,
  sum(each.conversions)::float AS conversions, sum(each.value)::bigint AS value_micros,
  sum(each.lost)::bigint AS lost_value_micros, sum(each.up)::bigint AS spend_up_micros,
  sum(each.down)::bigint AS spend_down_micros
FROM account_tellings t, unnest(t.conversions, t.value_micros, t.lost_value_micros, t.spend_up_micros,
  t.spend_down_micros) WITH ORDINALITY AS each (conversions, value, lost, up, down, age)
WHERE t.tenant_id = :tenant AND t.ad_account_id = :account AND t.told_at > :since AND t.told_at <= :until
  AND t.told_at > (SELECT min(told_at) FROM account_tellings
    WHERE tenant_id = :tenant AND ad_account_id = :account)
GROUP BY 1, each.age ORDER BY 1, each.age
""")

# One of each of the last days: the newest that was measured by then.
_EMQ_BY_DAY = text("""
SELECT s.evidence
FROM generate_series(1, CAST(:days AS integer)) AS back
CROSS JOIN LATERAL (
  SELECT evidence FROM trust_signals
  WHERE tenant_id = :tenant AND ad_account_id = :account AND component = 'emq' AND score IS NOT NULL
    AND observed_at <= CAST(:now AS timestamptz) - back * interval '1 day'
    AND observed_at > CAST(:now AS timestamptz) - (back + 1) * interval '1 day'
  ORDER BY observed_at DESC, id LIMIT 1
) AS s ORDER BY back
""")

_LACKING = text("""
SELECT d.event_name AS event, s.name AS source, date_trunc('hour', d.queued_at, 'UTC') AS hour,
  count(*) AS sent, count(*) FILTER (WHERE NOT d.match_keys && CAST(:keys AS text[])) AS lacking
FROM (
  SELECT event_id, event_received_at, event_name, queued_at, match_keys FROM conversion_deliveries
  WHERE tenant_id = :tenant AND ad_account_id = :account AND queued_at >= :since AND queued_at < :until
    AND status IN ('sent', 'acknowledged')
  ORDER BY queued_at DESC, id LIMIT :most
) AS d
LEFT JOIN LATERAL (
  SELECT source_id FROM cdp_events
  WHERE tenant_id = :tenant AND received_at = d.event_received_at AND id = d.event_id LIMIT 1
) AS e ON true
LEFT JOIN cdp_sources s ON s.tenant_id = :tenant AND s.id = e.source_id
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
""")
_LOOKED_THROUGH = 20_000
"""Deliveries at the most, the newest, where a lack is looked for."""


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    spend_micros: int
    impressions: int
    clicks: int
    conversions: float
    value_micros: int
    maturity: float


@dataclass(frozen=True, slots=True)
class KnownDay:
    day: date
    conversions: float
    value_micros: int
    maturity: float


@dataclass(frozen=True, slots=True)
class Telling:
    """What a platform newly told of on one of the account's days; the places are the ages, in days, of what it told of.

    An hour's telling belongs to what happened before it.
    """

    day: date
    last_at: datetime
    """The beginning of the day's last hour in which anything was read."""
    conversions: tuple[float, ...]
    value_micros: tuple[int, ...]
    lost_value_micros: tuple[int, ...]
    spend_up_micros: tuple[int, ...]
    spend_down_micros: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Conversions that were due an answer, those that got one, and the match keys that went along."""

    ever: bool
    due: int
    acknowledged: int
    sent: int
    carried: dict[str, int]
    quarantined: int
    """Held back for their value: neither lost nor sent."""
    failed_with: str | None = None
    """The code that those had most often which failed; None where none did."""


_OF_EACH = select(TrustSignal).where(
    TrustSignal.evaluation_id == any_(bindparam("evaluations", type_=ARRAY(Uuid)))
)


_TOLD = ("conversions", "value_micros", "lost_value_micros", "spend_up_micros", "spend_down_micros")


class SignalReads:
    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def of_each(self, evaluation_ids: Sequence[UUID]) -> Sequence[TrustSignal]:
        return [signal for (signal,) in await self._reads.rows(_OF_EACH, evaluations=list(evaluation_ids))]


class SignalRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session
        self._tenant_id = scope.tenant_id

    async def days(self, ad_account_id: UUID, since: date) -> Sequence[Day]:
        return [Day(**row) for row in await self._rows(_DAYS, account=ad_account_id, since=since)]

    async def days_as_known(self, ad_account_id: UUID, since: date, at: datetime) -> Sequence[KnownDay]:
        rows = await self._rows(_AS_KNOWN, account=ad_account_id, since=since, at=at)
        return [KnownDay(**row) for row in rows]

    async def tellings_by_day(
        self, ad_account_id: UUID, since: datetime, until: datetime, timezone: str
    ) -> Sequence[Telling]:
        """Of the hours after `since`, up to `until`."""
        rows = await self._rows(_TELLINGS, account=ad_account_id, since=since, until=until, zone=timezone)
        found = []
        for day, ages in groupby(rows, key=itemgetter("day")):
            every = list(ages)
            found.append(
                Telling(
                    day=day,
                    last_at=max(row["last_at"] for row in every),
                    **{name: tuple(row[name] for row in every) for name in _TOLD},
                )
            )
        return found

    async def sync_before(self, ad_account_id: UUID, at: datetime) -> AccountSync | None:
        """The last reading that succeeded by then."""
        statement = (
            select(AccountSync)
            .where(
                AccountSync.ad_account_id == ad_account_id,
                AccountSync.finished_at.is_not(None),
                AccountSync.error_code.is_(None),
                AccountSync.started_at <= at,
            )
            .order_by(AccountSync.started_at.desc(), AccountSync.id.desc())
            .limit(1)
        )
        return (await self._session.scalars(statement)).one_or_none()

    async def deliveries(self, ad_account_id: UUID, *, since: datetime, until: datetime) -> Deliveries:
        delivery = ConversionDelivery
        mine = delivery.ad_account_id == ad_account_id
        counted = delivery.status.not_in((DeliveryStatus.SKIPPED, DeliveryStatus.QUARANTINED))
        within = (delivery.queued_at >= since, delivery.queued_at < until)
        answered = delivery.status == DeliveryStatus.ACKNOWLEDGED
        left = delivery.status.in_((DeliveryStatus.SENT, DeliveryStatus.ACKNOWLEDGED))
        due, acknowledged, sent = (
            await self._session.execute(
                select(func.count(), func.count().filter(answered), func.count().filter(left)).where(
                    mine, counted, *within
                )
            )
        ).one()
        keys = select(func.unnest(delivery.match_keys).label("key")).where(mine, left, *within).subquery()
        carried = (
            await self._session.execute(
                select(keys.c.key, func.count().label("carried")).group_by(keys.c.key)
            )
        ).all()
        ever = await self._session.scalar(select(delivery.id).where(mine).limit(1))
        quarantined = await self._session.scalar(
            select(func.count()).where(mine, delivery.status == DeliveryStatus.QUARANTINED, *within)
        )
        failed = delivery.status.in_((DeliveryStatus.FAILED, DeliveryStatus.DEAD))
        reason = func.mode().within_group(delivery.reason)
        return Deliveries(
            ever=ever is not None,
            due=due,
            acknowledged=acknowledged,
            sent=sent,
            carried={row.key: row.carried for row in carried},
            quarantined=quarantined or 0,
            failed_with=await self._session.scalar(select(reason).where(mine, failed, *within))
            if acknowledged < due
            else None,
        )

    async def emq_by_day(self, ad_account_id: UUID, now: datetime, days: int) -> Sequence[dict[str, Fact]]:
        """What event match quality was measured from on each of the days before, as far as it was."""
        rows = await self._rows(_EMQ_BY_DAY, account=ad_account_id, now=now, days=days)
        return [row["evidence"] for row in rows]

    async def lacking(
        self, ad_account_id: UUID, keys: Sequence[str], *, since: datetime, until: datetime
    ) -> Sequence[Sent]:
        """Of what was sent, by event, source and hour, how much went without any of these match keys."""
        rows = await self._rows(
            _LACKING,
            account=ad_account_id,
            keys=list(keys),
            since=since,
            until=until,
            most=_LOOKED_THROUGH,
        )
        return [Sent(**row) for row in rows]

    async def of(self, evaluation_id: UUID) -> Sequence[TrustSignal]:
        statement = select(TrustSignal).where(TrustSignal.evaluation_id == evaluation_id)
        return (await self._session.scalars(statement)).all()

    async def newest(
        self, *, ad_account_id: UUID | None, component: str | None, cursor: str | None, limit: int
    ) -> tuple[Sequence[TrustSignal], str | None]:
        statement = select(TrustSignal)
        if ad_account_id is not None:
            statement = statement.where(TrustSignal.ad_account_id == ad_account_id)
        if component is not None:
            statement = statement.where(TrustSignal.component == component)
        return await newest_first(
            self._session,
            statement,
            at=TrustSignal.observed_at,
            id=TrustSignal.id,
            cursor=cursor,
            limit=limit,
        )

    def add(self, row: TrustSignal) -> None:
        self._session.add(row)

    async def _rows(self, statement: Any, **values: Any) -> Sequence[dict[str, Any]]:
        found = await self._session.execute(statement, {"tenant": self._tenant_id, **values})
        return [dict(row) for row in found.mappings()]
