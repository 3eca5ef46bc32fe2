"""What it costs to read a large account's days, against the sandbox over HTTP.

    python -m benchmarks.metrics [CAMPAIGNS]

16,700 campaigns, 60 days each, come to 1,002,000 rows the first time. Then the days that may still be restated are
read again: with nothing changed, and with one figure in a hundred changed. What was written is counted in the tables:
rows of figures, and rows of what was known when. Memory is the process's own, sampled while it works: flat if a sixth
of the days takes as much as all.
"""

import asyncio
import os
import sys
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import httpx2

from benchmarks.platforms import Memory, connected, running_sandbox
from benchmarks.stack import Stack, running_stack

CAMPAIGNS = 16_700
DAYS = 61
CHANGED = 0.01

_WRITTEN = """
SELECT (SELECT count(*) FROM campaign_metrics_daily WHERE observed_at >= $1)
  + (SELECT count(*) FROM campaign_metrics_observations WHERE observed_at >= $1)
"""


@dataclass(frozen=True)
class Figures:
    what: str
    rows: int
    seconds: float
    written: int
    restated: int
    peak: float
    """MiB over what the process had before."""


class Bench:
    def __init__(self, owner: Any, scopes: Any, account: UUID, campaigns: int) -> None:
        self._owner = owner
        self._scopes = scopes
        self._account = account
        self._campaigns = campaigns

    async def sync(self, what: str) -> Figures:
        from app.services.integrations.ad_accounts.sync import AccountSyncService  # noqa: PLC0415

        memory = Memory()
        memory.start()
        started = time.perf_counter()
        run = await AccountSyncService(self._scopes).sync(self._account)
        seconds = time.perf_counter() - started
        peak = memory.end()
        assert run is not None
        assert run.since is not None
        assert run.until is not None
        written = int(await self._owner.fetchval(_WRITTEN, run.started_at))
        rows = (run.until - run.since).days * self._campaigns
        return Figures(what, rows, seconds, written, run.days_restated or 0, peak)


async def _measure(stack: Stack, sandbox: str, campaigns: int) -> list[Figures]:
    import app.base_models  # noqa: F401, PLC0415  (so that every foreign key finds its table)
    from app.core.config import get_settings  # noqa: PLC0415
    from app.db.session import make_engine, scopes_for  # noqa: PLC0415
    from app.services.integrations.gateway import gateway_by  # noqa: PLC0415

    owner = await asyncpg.connect(stack.owner_url)
    insert = "INSERT INTO tenants (name, slug) VALUES ('Bench', 'bench') RETURNING id"
    tenant_id = int(await owner.fetchval(insert))
    settings = get_settings().model_copy(update={"meta_base_url": sandbox, "allow_private_addresses": True})
    engine = make_engine(stack.app_url, settings)
    scopes = scopes_for(engine, tenant_id)
    _ask(sandbox, "quota", {"calls_per_hour": 1_000_000})
    _ask(sandbox, "archive", {"campaigns": campaigns, "days": DAYS})
    async with gateway_by(settings):
        bench = Bench(owner, scopes, await connected(scopes, sandbox), campaigns)
        found = [await bench.sync("the first time"), await bench.sync("nothing changed")]
        _ask(sandbox, "archive/restate", {"share": CHANGED})
        found.append(await bench.sync("1 in 100 changed"))
    await engine.dispose()
    await owner.close()
    return found


def _ask(sandbox: str, what: str, body: dict[str, Any]) -> None:
    httpx2.post(f"{sandbox}/control/meta/{what}", json=body, timeout=300).raise_for_status()


def main() -> None:
    campaigns = int(sys.argv[1]) if len(sys.argv) > 1 else CAMPAIGNS
    with running_stack() as stack, running_sandbox() as sandbox:
        os.environ.update(stack.environment)
        found = asyncio.run(_measure(stack, sandbox, campaigns))
    print(f"{'':>18} {'rows':>10} {'s':>8} {'rows/s':>8} {'written':>10} {'restated':>9} {'MiB':>6}")
    for each in found:
        print(
            f"{each.what:>18} {each.rows:>10,} {each.seconds:>8.1f} {each.rows / each.seconds:>8,.0f} "
            f"{each.written:>10,} {each.restated:>9,} {each.peak:>6.0f}"
        )


if __name__ == "__main__":
    main()
