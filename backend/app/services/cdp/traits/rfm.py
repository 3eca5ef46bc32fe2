"""Customers ranked in quintiles by how lately and how often they ordered and what they paid, once a day.

Thresholds are found in one statement; scores are given by them part by part, so that no profile is held for long. A
ranking is of one moment: who orders afterwards is ranked with the next.
"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.core.ids import uuid7
from app.db.session import Scopes, TenantScope
from app.services.cdp.profiles.service import Change, tell
from app.services.cdp.traits.repository import TraitRepository
from app.services.cdp.traits.rfm_repository import RfmRepository, Thresholds
from app.services.cdp.traits.rules import CELLS, NEEDED_CUSTOMERS, cells_by_scores
from app.services.cdp.traits.values_repository import ValuesRepository
from app.services.tenants.service import TenantService
from app.services.trust_engine.fx_rates.service import FxRates

_EVERY = timedelta(days=1)
_AT_ONCE = 2_000
_TRIES = 5


class Ranking:
    """Ranks one tenant's customers. Of two at once, the one that began last goes on."""

    def __init__(self, scopes: Scopes, *, at_once: int = _AT_ONCE) -> None:
        self._scopes = scopes
        self._at_once = at_once

    async def begin_if_due(self) -> None:
        """Have a task rank them once their day has come: a task is done again where its worker dies."""
        async with self._scopes() as scope:
            standing = await RfmRepository(scope).standing()
            if standing is not None and standing.next_at <= scope.now():
                standing.next_at = scope.now() + _EVERY
                await scope.enqueue("cdp.traits.rank", {}, queue="cdp")

    async def run(self) -> None:
        run_id = uuid7()
        async with self._scopes() as scope:
            rows = RfmRepository(scope)
            standing = await rows.standing(for_update=True)
            if standing is None:
                return
            now = scope.now()
            standing.run_id, standing.running_since, standing.next_at = run_id, now, now + _EVERY
            rates, told, without, currency = await _rates(scope, await rows.currencies())
            found = await rows.thresholds(rates)
        after: UUID | None = None
        left: list[UUID] = []
        while True:
            whom = await self._next(after)
            if not whom:
                break
            left += await self._score(run_id, whom, found, rates)
            after = whom[-1]
        for _ in range(_TRIES):
            left = await self._score(run_id, left, found, rates) if left else left
        async with self._scopes() as scope:
            rows = RfmRepository(scope)
            standing = await rows.standing(for_update=True)
            if standing is None or standing.run_id != run_id:
                return
            counted = await rows.cells(rates)
            enough = found.ranked >= NEEDED_CUSTOMERS
            standing.computed_at, standing.run_id, standing.running_since = now, None, None
            standing.summary = {
                "currency": currency,
                "customers": found.customers,
                "ranked": found.ranked,
                "without_rate": without,
                "rates": told,
                "thresholds": _shown(found) if enough else None,
                "cells": [
                    {"cell": cell, "customers": customers, "revenue_micros": micros}
                    for cell in CELLS
                    for customers, micros in [counted.get(cell, (0, 0))]
                ]
                if enough
                else [],
            }

    async def _next(self, after: UUID | None) -> list[UUID]:
        async with self._scopes() as scope:
            return await ValuesRepository(scope).next_profiles(after, self._at_once)

    async def _score(
        self, run_id: UUID, whom: Sequence[UUID], found: Thresholds, rates: dict[str, Decimal]
    ) -> list[UUID]:
        """Give these their scores; who was passed over, and is to be tried again."""
        async with self._scopes() as scope:
            await TraitRepository(scope).lock()
            standing = await RfmRepository(scope).standing()
            if standing is None or standing.run_id != run_id:
                return []
            scores = RfmRepository.scores(
                scope.tenant_id,
                found,
                rates,
                cells_by_scores(),
                whom,
                enough=found.ranked >= NEEDED_CUSTOMERS,
            )
            written = await ValuesRepository(scope).put(scores)
            ranked = written.changed.get("rfm", [])
            await tell(scope, [Change("computed", ranked, (), ("rfm",))] if ranked else [])
            return list(whom) if written.passed_over else []


async def _rates(
    scope: TenantScope, currencies: Sequence[str]
) -> tuple[dict[str, Decimal], list[dict[str, Any]], list[str], str]:
    """What a unit of each currency is worth in the reporting currency, as it was recorded; and which have no rate."""
    currency = (await TenantService(scope).current()).currency
    rates, told, without = {currency: Decimal(1)}, [], []
    for each in currencies:
        if each == currency:
            continue
        rate = await FxRates(scope).newest(each, currency)
        if rate is None:
            without.append(each)
            continue
        rates[each] = rate.rate
        told.append(
            {
                "currency": each,
                "rate": str(rate.rate),
                "as_of": rate.as_of.isoformat(),
                "source": rate.source,
            }
        )
    return rates, told, without, currency


def _shown(found: Thresholds) -> dict[str, Any]:
    return {
        "recency": list(found.recency),
        "frequency": list(found.frequency),
        "monetary": list(found.monetary),
    }
