"""How long a decision of the gate takes: with everything it reads and the ledger row it writes, and the rules alone.

One account of one company first; then a hundred companies of fifty accounts each, one decision at a time and eight at
once; last, eight at once on one company, whose chain they wait for. Each is set against the first.

python -m benchmarks.gate
"""

import asyncio
import contextlib
import json
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import FastAPI
from sqlalchemy import text

from app.core.config import get_settings
from app.db.session import Scopes, open_global, scopes_for
from app.main import create_app
from app.models.trust_engine.kinds import Origin
from app.services.tenants.service import Tenants
from app.services.trust_engine.gate.permits import Change
from app.services.trust_engine.gate.rules import decide
from app.services.trust_engine.gate.service import Ask, GateService, Proposal, read_entry
from app.services.trust_engine.health.service import HealthService
from app.services.trust_engine.ledger.service import Ledger
from benchmarks.stack import BACKEND, running_stack
from tests.factories.access import make_company
from tests.factories.trust import make_account

DECISIONS = 400
REPEATS = 5_000
TENANTS, ACCOUNTS = 100, 50
PAST = 20
"""Evaluations of each account."""
MANY = 2_000
AT_ONCE = 8

_ASK = Ask(origin=Origin.PERSON, actor="benchmark")
_FILL = tuple(
    text(statement)
    for statement in (
        """
        INSERT INTO ad_accounts (tenant_id, id, connection_id, platform, external_id, name, currency, timezone,
          status, enabled, write_lease, conversions_enabled)
        SELECT c.tenant_id, gen_random_uuid(), c.id, 'meta', 'act_' || c.tenant_id || '_' || n, 'Account ' || n,
          'USD', 'UTC', 'active', true, true, true
        FROM connections c CROSS JOIN generate_series(1, :accounts) AS n
        """,
        """
        INSERT INTO campaigns (tenant_id, id, ad_account_id, platform, external_id, name, status, effective_status,
          budget_level, daily_budget_micros, currency, synced_at)
        SELECT tenant_id, gen_random_uuid(), id, 'meta', 'c1', 'Prospecting', 'active', 'active', 'campaign',
          100000000, 'USD', now()
        FROM ad_accounts
        """,
        """
        INSERT INTO trust_evaluations (tenant_id, id, ad_account_id, score, status, coverage, target, mode, run,
          policy_version, components, drivers, absent, capped_by, evidence_digest, evaluated_at, expires_at)
        SELECT a.tenant_id, gen_random_uuid(), a.id, 95, 'healthy', 1, 'normal', 'normal', 0, 1,
          CAST(:components AS jsonb), '[]', '[]', '[]', repeat('0', 64), now() - n * interval '5 minutes',
          now() - n * interval '5 minutes' + interval '1 hour'
        FROM ad_accounts a CROSS JOIN generate_series(0, :past - 1) AS n
        """,
    )
)
"""As many accounts as asked, each with a campaign and a past, like the one that the first company has."""


@dataclass(frozen=True)
class Target:
    """An account that a raise is asked for."""

    scopes: Scopes
    proposal: Proposal


def _show(what: str, seconds: Sequence[float], first: Sequence[float] | None = None) -> None:
    p50, p99 = _points(seconds)
    line = f"{what:<44} p50 {p50:8.3f} ms   p99 {p99:8.3f} ms   ({len(seconds)} decisions)"
    if first is not None:
        was50, was99 = _points(first)
        line += f"   x{p50 / was50:.2f}, x{p99 / was99:.2f}"
    print(line, flush=True)


def _points(seconds: Sequence[float]) -> tuple[float, float]:
    ordered = sorted(seconds)
    p50, p99 = (ordered[int(share * (len(ordered) - 1))] * 1000 for share in (0.50, 0.99))
    return p50, p99


async def _one(target: Target) -> float:
    started = time.perf_counter()
    async with target.scopes() as scope:
        await GateService(scope).decide(target.proposal)
    return time.perf_counter() - started


async def _in_turn(targets: Sequence[Target]) -> list[float]:
    return [await _one(target) for target in targets]


async def _at_once(targets: Sequence[Target]) -> tuple[list[float], float]:
    """What each took, and how many a second they were."""
    waiting = iter(targets)

    async def work() -> list[float]:
        return [await _one(target) for target in waiting]

    started = time.perf_counter()
    found = await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return [each for some in found for each in some], len(targets) / (time.perf_counter() - started)


async def _fill(app: FastAPI, components: str) -> list[Target]:
    """Every account of a hundred new companies."""
    targets = []
    for number in range(TENANTS):
        async with open_global(app.state.engine) as session:
            tenant_id = (await Tenants(session).create(f"Benchmark {number}")).id
        scopes = scopes_for(app.state.engine, tenant_id)
        async with scopes() as scope:
            await scope.session.execute(
                text(
                    "INSERT INTO connections (tenant_id, id, platform, status, external_user_id, scopes, read_only)"
                    " VALUES (:tenant, gen_random_uuid(), 'meta', 'active', 'benchmark', '{}', false)"
                ),
                {"tenant": tenant_id},
            )
            values = {"accounts": ACCOUNTS, "components": components, "past": PAST}
            for statement in _FILL:
                wanted = {name: values[name] for name in statement.compile().params}
                await scope.session.execute(statement, wanted)
            accounts = await scope.session.execute(
                text(
                    "SELECT a.id, a.external_id, c.id FROM ad_accounts a JOIN campaigns c ON c.ad_account_id = a.id"
                )
            )
            targets += [
                Target(
                    scopes,
                    Proposal(change=_raise(external), ad_account_id=account, campaign_id=campaign, ask=_ASK),
                )
                for account, external, campaign in accounts
            ]
    return targets


def _raise(account: str) -> Change:
    return Change(
        platform="meta",
        account=account,
        entity_type="campaign",
        entity="c1",
        operation="set_daily_budget",
        before={"daily_budget_micros": 100_000_000},
        after={"daily_budget_micros": 110_000_000},
    )


async def _measure() -> None:
    app = create_app(get_settings())
    async with app.router.lifespan_context(app), contextlib.AsyncExitStack() as stack:
        company = await make_company(app, stack, "Benchmark")
        account = await make_account(company.scopes)
        async with company.scopes() as scope:
            evaluation = await HealthService(scope).evaluate(account.id)
        one = Target(
            company.scopes,
            Proposal(
                change=account.raise_by(10),
                ad_account_id=account.id,
                campaign_id=account.campaign_id,
                ask=_ASK,
            ),
        )
        await _in_turn([one] * 20)
        first = await _in_turn([one] * DECISIONS)
        _show("one account of one company", first)
        async with company.scopes() as scope:
            [entry] = await Ledger(scope).newest(limit=1)
            facts, _result = read_entry(entry)
        await _many(app, json.dumps(evaluation.components), one, first)
    alone = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        decide(facts)
        alone.append(time.perf_counter() - started)
    _show("the rules alone", alone)


async def _many(app: FastAPI, components: str, one: Target, first: Sequence[float]) -> None:
    targets = await _fill(app, components)
    print(f"{TENANTS} companies of {ACCOUNTS} accounts, {PAST} evaluations each", flush=True)
    order = random.Random(1)  # noqa: S311  (which account comes next, the same in every run)
    _show("any of them, one at a time", await _in_turn(order.sample(targets, MANY)), first)
    _show("the first company again, one at a time", await _in_turn([one] * DECISIONS), first)
    together, a_second = await _at_once(order.sample(targets, MANY))
    _show(f"any of them, {AT_ONCE} at once ({a_second:.0f}/s)", together, first)
    crowded, a_second = await _at_once([one] * MANY)
    _show(f"one company, {AT_ONCE} at once ({a_second:.0f}/s)", crowded, first)


def main() -> None:
    with running_stack() as stack:
        command = [sys.executable, "-m", "benchmarks.gate", "--measure"]
        subprocess.run(command, cwd=BACKEND, env=stack.environment, check=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["--measure"]:
        asyncio.run(_measure())
    else:
        main()
