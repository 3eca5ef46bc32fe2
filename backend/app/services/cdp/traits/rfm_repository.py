"""Customers ranked by sets: thresholds first, then scores by them, part by part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Text, Uuid, bindparam, column, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.db.session import TenantScope
from app.models.cdp.traits import CdpRfm

# What was paid less what was given back, converted; unknown where a currency has no rate, or nothing has a worth.
_MONEY = """
  (SELECT CASE WHEN count(*) = count(r.rate) AND count(*) > 0 THEN round(sum(v.micros * r.rate)) END
   FROM (SELECT currency, sum(micros) AS micros FROM (
       SELECT key AS currency, value::numeric AS micros FROM jsonb_each_text(p.revenue)
       UNION ALL SELECT key, -value::numeric FROM jsonb_each_text(p.refunded)) AS told GROUP BY currency) AS v
   LEFT JOIN jsonb_to_recordset(:rates) AS r (currency text, rate numeric) ON r.currency = v.currency)
"""
_CURRENCIES = """
SELECT DISTINCT key FROM cdp_profiles AS p, jsonb_object_keys(p.revenue || p.refunded) AS key
WHERE p.tenant_id = :tenant AND p.order_count > 0 ORDER BY key
"""
_THRESHOLDS = f"""
WITH customers AS MATERIALIZED (
  SELECT p.last_order_at, p.order_count, {_MONEY} AS money FROM cdp_profiles AS p
  WHERE p.tenant_id = :tenant AND p.order_count > 0),
ranked AS (
  SELECT last_order_at, order_count, money, count(*) OVER () AS n,
    rank() OVER (ORDER BY last_order_at) - 1 AS less_recent, rank() OVER (ORDER BY order_count) - 1 AS less_often,
    rank() OVER (ORDER BY money) - 1 AS less_paid
  FROM customers WHERE money IS NOT NULL)
SELECT (SELECT count(*) FROM customers), (SELECT count(*) FROM ranked),
  (SELECT array_agg(least ORDER BY score) FROM (SELECT score, (
     SELECT to_jsonb(min(last_order_at)) FROM ranked WHERE 1 + 5 * less_recent / n = score) AS least
     FROM generate_series(2, 5) AS score) AS each),
  (SELECT array_agg(least ORDER BY score) FROM (SELECT score, (
     SELECT to_jsonb(min(order_count)) FROM ranked WHERE 1 + 5 * less_often / n = score) AS least
     FROM generate_series(2, 5) AS score) AS each),
  (SELECT array_agg(least ORDER BY score) FROM (SELECT score, (
     SELECT to_jsonb(min(money)) FROM ranked WHERE 1 + 5 * less_paid / n = score) AS least
     FROM generate_series(2, 5) AS score) AS each)
"""  # noqa: S608  (constants)


def _score(value: str, thresholds: str, kind: str) -> str:
    """The last score whose threshold the value reaches; an absent one is reached by nobody."""
    reached = ", ".join(
        f"CASE WHEN {value} >= (:{thresholds} ->> {place})::{kind} THEN {place + 2} END" for place in range(4)
    )
    return f"greatest(1, {reached})"


_SCORES = f"""
SELECT 'rfm' AS name, p.id AS profile_id,
  CASE WHEN :enough AND p.order_count > 0 AND m.money IS NOT NULL THEN jsonb_build_object(
    'recency', s.r, 'frequency', s.f, 'monetary', s.m, 'cell', :cells ->> concat(s.r, s.f, s.m)) END AS value
FROM cdp_profiles AS p, LATERAL (SELECT {_MONEY} AS money) AS m,
  LATERAL (SELECT {_score("p.last_order_at", "recency", "timestamptz")} AS r,
    {_score("p.order_count", "frequency", "integer")} AS f, {_score("m.money", "monetary", "numeric")} AS m) AS s
WHERE p.tenant_id = :tenant AND p.id = ANY(:whom) AND (p.order_count > 0 OR p.computed ? 'rfm')
"""  # noqa: S608  (constants)
_CELLS = f"""
SELECT p.rfm_cell AS cell, count(*), coalesce(sum({_MONEY}), 0)
FROM cdp_profiles AS p WHERE p.tenant_id = :tenant AND p.rfm_cell IS NOT NULL
GROUP BY cell
"""  # noqa: S608  (constants)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The least values of the scores from 2 to 5, of all customers that can be ranked."""

    customers: int
    ranked: int
    recency: Sequence[str | None]
    frequency: Sequence[int | None]
    monetary: Sequence[int | None]


class RfmRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session
        self._tenant_id = scope.tenant_id

    async def standing(self, *, for_update: bool = False) -> CdpRfm | None:
        statement = select(CdpRfm).where(CdpRfm.tenant_id == self._tenant_id)
        if for_update:
            statement = statement.with_for_update().execution_options(populate_existing=True)
        found: CdpRfm | None = await self._session.scalar(statement)
        return found

    async def currencies(self) -> list[str]:
        """What customers paid in."""
        return list(await self._session.scalars(text(_CURRENCIES), {"tenant": self._tenant_id}))

    async def thresholds(self, rates: Mapping[str, Decimal]) -> Thresholds:
        values = {"tenant": self._tenant_id, "rates": _rates(rates)}
        row = (await self._session.execute(_bound(_THRESHOLDS), values)).one()
        return Thresholds(row[0], row[1], row[2], row[3], row[4])

    @staticmethod
    def scores(
        tenant_id: int,
        found: Thresholds,
        rates: Mapping[str, Decimal],
        cells: Mapping[str, str],
        whom: Sequence[UUID],
        *,
        enough: bool,
    ) -> Any:
        """`name`, `profile_id` and `value` of these profiles; no value where they cannot be ranked."""
        bound = _bound(_SCORES, "recency", "frequency", "monetary", "cells").bindparams(
            bindparam("whom", type_=ARRAY(Uuid())),
        )
        given = bound.bindparams(
            tenant=tenant_id,
            rates=_rates(rates),
            enough=enough,
            recency=list(found.recency),
            frequency=list(found.frequency),
            monetary=list(found.monetary),
            cells=dict(cells),
            whom=list(whom),
        )
        return given.columns(column("name", Text()), column("profile_id", Uuid()), column("value", JSONB()))

    async def cells(self, rates: Mapping[str, Decimal]) -> dict[str, tuple[int, int]]:
        """Who is in each cell, and what they paid."""
        values = {"tenant": self._tenant_id, "rates": _rates(rates)}
        rows = await self._session.execute(_bound(_CELLS), values)
        return {row[0]: (row[1], int(row[2])) for row in rows}


def _rates(rates: Mapping[str, Decimal]) -> list[dict[str, str]]:
    return [{"currency": currency, "rate": str(rate)} for currency, rate in rates.items()]


def _bound(statement: str, *documents: str) -> Any:
    return text(statement).bindparams(
        *[bindparam(name, type_=JSONB()) for name in ("rates", *documents)],
    )
