"""What a rule costs, held against all campaigns of a company in one statement, as they grow.

    python -m benchmarks.rules [--full]

100, 1,000 and 10,000 campaigns with sixty days each (`--full`: and 50,000), made in the database, on ten accounts. The
rule has five conditions over four windows, a rank among them. The hand-written statement sums the same windows without
telling what is not known, or why.
"""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import asyncpg

from benchmarks.stack import Stack, running_stack

SIZES = (100, 1_000, 10_000)
FULL = 50_000
_ROUNDS = 5
_ACCOUNTS = 10
_DAYS = 60

_WEEK = {"kind": "last", "days": 7, "settled": True}
RULE: dict[str, Any] = {
    "condition": {
        "kind": "all",
        "of": [
            {
                "kind": "metric",
                "metric": "spend",
                "window": _WEEK,
                "op": "at_least",
                "than": {"kind": "money", "micros": 200_000_000, "currency": "USD"},
            },
            {
                "kind": "any",
                "of": [
                    {
                        "kind": "metric",
                        "metric": "roas",
                        "window": _WEEK,
                        "op": "less_than",
                        "than": {"kind": "number", "value": "0.45"},
                    },
                    {
                        "kind": "rank",
                        "metric": "cpa",
                        "window": _WEEK,
                        "end": "top",
                        "count": 10,
                        "currency": "USD",
                    },
                ],
            },
            {
                "kind": "change",
                "metric": "ctr",
                "window": {"kind": "last", "days": 3},
                "base": {"kind": "last", "days": 14},
                "op": "at_most",
                "percent": "1",
            },
            {
                "kind": "metric",
                "metric": "spend",
                "window": {"kind": "yesterday"},
                "op": "more_than",
                "than": {"kind": "metric", "metric": "daily_budget", "times": "0.2"},
            },
        ],
    },
    "actions": [{"kind": "pause"}],
}

_ACCOUNTS_MADE = """
WITH made AS (
  INSERT INTO connections (tenant_id, id, platform, status, external_user_id, scopes)
  VALUES ($1, md5('c')::uuid, 'meta', 'active', 'bench', '{}') RETURNING id
), accounts AS (
  INSERT INTO ad_accounts (tenant_id, id, connection_id, platform, external_id, name, currency, timezone, status,
    enabled)
  SELECT $1, md5('a' || n)::uuid, md5('c')::uuid, 'meta', 'a' || n, 'Account ' || n, 'USD', 'UTC', 'active', true
  FROM generate_series(1, $2::integer) AS n RETURNING id
)
SELECT count(*) FROM accounts
"""
_READ = """
INSERT INTO account_syncs (tenant_id, id, ad_account_id, started_at, finished_at, since, until)
SELECT $1, gen_random_uuid(), md5('a' || n)::uuid, now(), now(), current_date - 90, current_date
FROM generate_series(1, $2::integer) AS n
"""
_CAMPAIGNS = """
INSERT INTO campaigns (tenant_id, id, ad_account_id, platform, external_id, name, status, effective_status,
  budget_level, daily_budget_micros, currency, synced_at)
SELECT $1, md5('k' || n)::uuid, md5('a' || 1 + n % $4::integer)::uuid, 'meta', 'k' || n, 'Campaign ' || n, 'active',
  'active', 'campaign', 100000000, 'USD', now()
FROM generate_series($2::integer, $3::integer) AS n
"""
_FIGURES = """
INSERT INTO campaign_metrics_daily (tenant_id, campaign_id, day, currency, spend_micros, impressions, clicks,
  conversions, conversion_value_micros, ad_set_rows, maturity, first_seen_at, observed_at)
SELECT $1, md5('k' || n)::uuid, current_date - back, 'USD', (40 + (n * 7 + back * 3) % 60) * 1000000,
  5000 + (n + back) % 900, 100 + (n * 3 + back) % 70, (n + back * 5) % 4,
  ((n + back * 5) % 4) * (20 + n % 50) * 1000000, 3,
  CASE WHEN back > 7 THEN 1 ELSE 0.5 END, now(), now()
FROM generate_series($2::integer, $3::integer) AS n, generate_series(0, $4::integer - 1) AS back
"""
_BY_HAND = """
SELECT count(*) FROM (
  SELECT campaign_id,
    sum(spend_micros) FILTER (WHERE day BETWEEN current_date - 14 AND current_date - 8) AS spend,
    sum(conversion_value_micros) FILTER (WHERE day BETWEEN current_date - 14 AND current_date - 8) AS value,
    sum(conversions) FILTER (WHERE day BETWEEN current_date - 14 AND current_date - 8) AS conversions,
    sum(clicks) FILTER (WHERE day BETWEEN current_date - 3 AND current_date - 1) AS clicks3,
    sum(impressions) FILTER (WHERE day BETWEEN current_date - 3 AND current_date - 1) AS shown3,
    sum(clicks) FILTER (WHERE day BETWEEN current_date - 14 AND current_date - 1) AS clicks14,
    sum(impressions) FILTER (WHERE day BETWEEN current_date - 14 AND current_date - 1) AS shown14,
    sum(spend_micros) FILTER (WHERE day = current_date - 1) AS yesterday
  FROM campaign_metrics_daily WHERE tenant_id = $1 AND day >= current_date - 77 GROUP BY campaign_id
) AS sums JOIN campaigns AS c ON c.tenant_id = $1 AND c.id = sums.campaign_id
WHERE spend >= 200000000 AND clicks3 * shown14 * 100 <= clicks14 * shown3 * 101
  AND yesterday > c.daily_budget_micros * 0.2 AND value < spend * 0.45
"""


@dataclass(frozen=True)
class Round:
    """Milliseconds, the best of some."""

    campaigns: int
    held: int
    by_hand: float
    statement: float


async def _best(once: Callable[[], Awaitable[Any]]) -> tuple[float, Any]:
    times, answer = [], None
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        answer = await once()
        times.append((time.perf_counter() - started) * 1e3)
    return min(times), answer


async def _measure(stack: Stack, sizes: tuple[int, ...]) -> list[Round]:
    from app.core.config import get_settings  # noqa: PLC0415  (reads the settings: the environment comes first)
    from app.db.session import make_engine, scopes_for  # noqa: PLC0415
    from app.schemas.rules.definition import read_definition  # noqa: PLC0415
    from app.services.rules.repository import RuleRepository  # noqa: PLC0415

    owner = await asyncpg.connect(stack.owner_url)
    tenant_id = int(
        await owner.fetchval("INSERT INTO tenants (name, slug) VALUES ('Bench', 'bench') RETURNING id")
    )
    await owner.execute(_ACCOUNTS_MADE, tenant_id, _ACCOUNTS)
    await owner.execute(_READ, tenant_id, _ACCOUNTS)
    engine = make_engine(stack.app_url, get_settings())
    scopes = scopes_for(engine, tenant_id)
    definition = read_definition(RULE)
    found: list[Round] = []
    before = 0

    async def statement() -> Any:
        async with scopes() as scope:
            return await RuleRepository(scope).verdicts(definition, scope.now(), most=20)

    async def by_hand() -> Any:
        async with scopes() as scope:
            return await (await scope.driver()).fetchval(_BY_HAND, tenant_id)

    for size in sizes:
        await owner.execute(_CAMPAIGNS, tenant_id, before + 1, size, _ACCOUNTS)
        await owner.execute(_FIGURES, tenant_id, before + 1, size, _DAYS)
        await owner.execute("VACUUM ANALYZE")
        before = size
        hand, _ = await _best(by_hand)
        ours, verdicts = await _best(statement)
        assert (verdicts.considered, verdicts.unknown) == (size, 0), verdicts.unknown_by_reason
        found.append(Round(size, len(verdicts.held), hand, ours))
    await engine.dispose()
    await owner.close()
    return found


def main() -> None:
    sizes = (*SIZES, FULL) if "--full" in sys.argv else SIZES
    with running_stack() as stack:
        os.environ.update(stack.environment)
        found = asyncio.run(_measure(stack, sizes))
    print(
        f"{'campaigns':>10} {'held':>7} {'by hand ms':>11} {'rule ms':>9} {'ratio':>6} {'ms per 1,000':>13}"
    )
    for each in found:
        print(
            f"{each.campaigns:>10,} {each.held:>7,} {each.by_hand:>11.1f} {each.statement:>9.1f} "
            f"{each.statement / each.by_hand:>6.2f} {each.statement * 1e3 / each.campaigns:>13.1f}"
        )


if __name__ == "__main__":
    main()
