"""What a whole computation costs grows with who there is, whatever the planner last knew of the segment."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.config import Settings
from app.db.roles import owner_dsn
from app.db.session import TenantScope
from app.services.cdp.events.service import Ingestion
from app.services.cdp.segments.service import Recomputation
from tests.factories.access import Company
from tests.factories.cdp import track
from tests.factories.segments import Lab


def seen_within(days: int) -> dict[str, Any]:
    return {"kind": "event", "event": "Seen", "window": {"kind": "last", "days": days}}


_FORGOTTEN = {
    "never": (
        "DELETE FROM pg_statistic WHERE starelid IN (SELECT oid FROM pg_class WHERE relname LIKE 'cdp_segment%')",
        "UPDATE pg_class SET relpages = 0, reltuples = -1 WHERE relname LIKE 'cdp_segment_%' AND relkind IN ('r', 'i')",
    ),
    "with other segments": ("ANALYZE cdp_segment_members, cdp_segment_timers",),
    "when they were none": (
        *("ANALYZE cdp_segment_members, cdp_segment_timers", "DELETE FROM cdp_segment_timers"),
        *("DELETE FROM cdp_segment_members", "VACUUM ANALYZE cdp_segment_timers"),
        "VACUUM ANALYZE cdp_segment_members",
    ),
}
_PEOPLE = 300
_READ = text(
    "select relname, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) from pg_stat_xact_all_tables "
    "where relname like 'cdp_segment_%'"
)


async def read_so_far(scope: TenantScope) -> Counter[str]:
    return Counter({str(name): int(rows) for name, rows in await scope.session.execute(_READ)})


@pytest.mark.parametrize("counted", sorted(_FORGOTTEN))
async def test_a_segment_is_computed_again_without_comparing_each_with_each(
    acme: Company, engine: AsyncEngine, ingestion: Ingestion, settings: Settings, counted: str
) -> None:
    """Its rows came since PostgreSQL last counted them: by what the planner knows, it has none."""
    lab = Lab(acme, engine, ingestion)
    await lab.send(*(track("Seen", userId=f"u-{n}", anonymousId=None) for n in range(_PEOPLE)))
    await lab.segment(seen_within(90), "Counted")
    owner = await asyncpg.connect(owner_dsn(settings))
    for statement in _FORGOTTEN[counted]:
        await owner.execute(statement)
    segment = await lab.segment(seen_within(7), "Computed since")
    read: Counter[str] = Counter()

    @asynccontextmanager
    async def watched() -> AsyncIterator[TenantScope]:
        async with lab.scopes() as scope:
            before = await read_so_far(scope)
            yield scope
            read.update(await read_so_far(scope))
            read.subtract(before)

    await Recomputation(watched).run(segment)
    await owner.execute("ANALYZE")
    await owner.close()
    assert len(await lab.members(segment)) == _PEOPLE
    assert 0 < sum(read.values()) < 30 * _PEOPLE, read
