"""Authenticated reads behind row-level security against bare FastAPI and asyncpg doing the same selects.

    python -m benchmarks.hot_read

Two reads: a row of a global table (`tenants/current`), and a page of 20 of a tenant's campaigns with their total and
their figures of a week. The API runs as it is delivered: it logs every request, and its limits are the defaults. So
that these hold, the load comes from many people, none of whom asks more often than one may.

Figures are requests for each second of the server's CPU: what a core serves, whatever else the machine is doing.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import psutil
from sqlalchemy import text

from app.auth.jwt import create_access_token
from app.core.clock import real_now
from app.core.config import get_settings
from app.core.ids import uuid7
from app.db.session import Scopes, open_global
from app.main import create_app
from app.models.auth.sessions import UserSession
from benchmarks.load import Figures, get_request, measure
from benchmarks.stack import BACKEND, running_stack, serving
from tests.factories.access import make_company
from tests.factories.trust import make_account

REQUESTS = 6_000
ROUNDS = 3
CONNECTIONS = 16
READS = 2
CAMPAIGNS = 300
DAYS = 30
AIM = 0.5
_DELIVERED = {"LOG_LEVEL": "INFO", "RATE_LIMIT_PER_MINUTE": "600"}
"""The settings that a benchmark's stack loosens, as they are by default."""

_MORE_CAMPAIGNS = text("""
insert into campaigns (id, ad_account_id, platform, external_id, name, objective, status, effective_status,
  budget_level, daily_budget_micros, currency, learning, synced_at)
select gen_random_uuid(), :account, 'meta', 'b' || n, 'Campaign ' || lpad(n::text, 4, '0'), 'sales', 'active',
  'active', 'campaign', 50000000, 'USD', false, now()
from generate_series(1, :campaigns) as n
""")
_THEIR_DAYS = text("""
insert into campaign_metrics_daily (campaign_id, day, currency, spend_micros, impressions, clicks, conversions,
  conversion_value_micros, ad_set_rows, maturity, first_seen_at, observed_at)
select id, current_date - back, 'USD', 40000000 + back, 9000, 120, 3.5, 90000000, 2, 1, now(), now()
from campaigns cross join generate_series(1, :days) as back where external_id like 'b%'
""")


async def _fill(scopes: Scopes) -> None:
    account = await make_account(scopes)
    async with scopes() as scope:
        await scope.session.execute(_MORE_CAMPAIGNS, {"account": account.id, "campaigns": CAMPAIGNS})
        await scope.session.execute(_THEIR_DAYS, {"days": DAYS})


async def _seed() -> None:
    """A company and the tokens of enough callers, printed for the process that asked."""
    app = create_app(get_settings())
    async with app.router.lifespan_context(app), contextlib.AsyncExitStack() as stack:
        company = await make_company(app, stack, "Benchmark")
        await _fill(company.scopes)
        admin = company.person().id
        sessions = [
            UserSession(
                id=uuid7(),
                user_id=admin,
                tenant_id=company.id,
                refresh_hash=uuid7().bytes,
                expires_at=real_now() + timedelta(days=1),
            )
            for _ in range(CONNECTIONS * ROUNDS * READS)
        ]
        async with open_global(app.state.engine) as session:
            session.add_all(sessions)
        tokens = [create_access_token(admin, company.id, each.id) for each in sessions]
        print(json.dumps({"tenant_id": company.id, "tokens": tokens}))


def _seeded(environment: dict[str, str]) -> tuple[int, list[str]]:
    command = [sys.executable, "-m", "benchmarks.hot_read", "--seed"]
    printed = subprocess.run(
        command, cwd=BACKEND, env=environment, capture_output=True, text=True, check=True
    )
    found = json.loads(printed.stdout.strip().splitlines()[-1])
    return found["tenant_id"], found["tokens"]


def _best(runs: list[Figures]) -> Figures:
    return max(runs, key=lambda run: run.per_cpu_second)


def _run(url: str, tokens: Iterator[str] | None, process: psutil.Process) -> Figures:
    return asyncio.run(measure(url, _requests(url, tokens), [process], count=REQUESTS))


def _requests(url: str, tokens: Iterator[str] | None) -> list[bytes]:
    """One for each connection, of a caller who has not asked before."""
    headers = [{"Authorization": f"Bearer {next(tokens)}"} if tokens else {} for _ in range(CONNECTIONS)]
    return [get_request(url, each) for each in headers]


def main() -> None:
    with running_stack() as stack:
        tenant_id, tokens = _seeded(stack.environment)
        callers = iter(tokens)
        with (
            serving("benchmarks.peer:create_peer", stack.environment | {"PEER_URL": stack.owner_url}) as (
                peer_url,
                peer,
            ),
            serving("app.main:create_app", stack.environment | _DELIVERED) as (url, api),
        ):
            for name, theirs, ours in (
                ("a row", f"/tenants/{tenant_id}", "/tenants/current"),
                ("a page", f"/tenants/{tenant_id}/campaigns?limit=20", "/campaigns?limit=20"),
            ):
                # By turns, so that both are measured on the same machine, however busy it is.
                runs = [
                    (_run(f"{peer_url}{theirs}", None, peer), _run(f"{url}/api/v1{ours}", callers, api))
                    for _ in range(ROUNDS)
                ]
                bare, walled = ([run[side] for run in runs] for side in (0, 1))
                _tell(name, _best(bare), _best(walled))


def _tell(name: str, bare: Figures, walled: Figures) -> None:
    ratio = walled.per_cpu_second / bare.per_cpu_second
    print(
        f"hot read, {name + ', bare FastAPI + asyncpg':<34} {bare.per_cpu_second:8.0f} requests per CPU-second"
    )
    print(
        f"hot read, {name + ', authenticated and walled':<34} {walled.per_cpu_second:8.0f} requests per CPU-second"
    )
    print(
        f"hot read, {name + ', ratio':<34} {ratio:8.2f} (aim {AIM}); "
        f"p99 {walled.percentile(0.99) * 1000:.1f} ms, the peer's {bare.percentile(0.99) * 1000:.1f} ms"
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["--seed"]:
        asyncio.run(_seed())
    else:
        main()
