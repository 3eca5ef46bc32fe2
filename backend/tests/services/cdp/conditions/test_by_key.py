"""Who changed is looked up by key, whatever the planner thinks of the tables: it may have known them when small."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import ARRAY, Select, Uuid, event, literal, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.clock import real_now
from app.core.config import Settings
from app.core.ids import uuid7
from app.db.session import Scopes, TenantScope, plain_url
from app.models.cdp.profiles import CdpProfile
from app.schemas.cdp.segments_tree import read_rule
from app.schemas.cdp.traits import TraitDefinition
from app.services.cdp.events.service import Ingestion
from app.services.cdp.identity.service import Resolver
from app.services.cdp.segments.compiling_repository import SegmentQuery
from app.services.cdp.segments.service import Following
from app.services.cdp.sources.service import Sender
from app.services.cdp.traits.computing_repository import rhythm, values
from app.services.cdp.traits.service import TraitFollowing
from tests.factories.access import Company
from tests.factories.cdp import ingest, track
from tests.factories.traits import TraitLab

_WINDOW = {"kind": "last", "days": 90}
_DID = read_rule({"kind": "event", "event": "Order Completed", "window": _WINDOW})
_COUNT = TraitDefinition.model_validate({"kind": "count", "event": "Order Completed", "window": _WINDOW})
_MANY = 400
# From its sixth execution on PostgreSQL may keep a statement's plan; each turn executes it once or more.
_UNTIL_PLANS_ARE_KEPT = 8
_READ = text(
    "select relname, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables "
    "where relname like 'cdp_events%'"
)
_NEVER_COUNTED = (
    "delete from pg_statistic where starelid in (select oid from pg_class where relname like 'cdp_%')",
    "update pg_class set relpages = 0, reltuples = -1 where relname like 'cdp_%' and relkind in ('r', 'i')",
)
_COUNTED_WHEN_SMALL = ("ANALYZE",)
Work = Callable[[Scopes], Awaitable[object]]
_TURNS: dict[str, Work] = {
    "traits": lambda scopes: TraitFollowing(scopes).drain(),
    "segments": lambda scopes: Following(scopes).drain(),
}


async def as_owner(settings: Settings, *statements: str) -> None:
    assert settings.database_owner_url is not None
    owner = await asyncpg.connect(plain_url(settings.database_owner_url.get_secret_value()))
    for statement in statements:
        await owner.execute(statement)
    await owner.close()


@contextmanager
def explained(engine: AsyncEngine) -> Iterator[None]:
    """Each statement answers with its plan instead."""

    def explain(*called: Any) -> tuple[str, Any]:
        return f"EXPLAIN (ANALYZE, FORMAT JSON) {called[2]}", called[3]

    event.listen(engine.sync_engine, "before_cursor_execute", explain, retval=True)
    try:
        yield
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", explain)


def scans(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each look at a table of events."""
    if node.get("Relation Name", "").startswith("cdp_events"):
        yield node
    for inner in node.get("Plans", ()):
        yield from scans(inner)


def question(what: str, company: Company, whom: list[UUID], now: datetime) -> Select[Any]:
    touched = literal(whom, ARRAY(Uuid()))
    match what:
        case "a segment of all":
            return SegmentQuery(_DID, tenant_id=company.id, now=now).verdicts()
        case "a trait of all":
            return values(_COUNT, company.id, now)
        case "a segment":
            return SegmentQuery(_DID, tenant_id=company.id, now=now, touched=touched).verdicts()
        case "a trait":
            return values(_COUNT, company.id, now, touched)
        case "whether":
            return values(_COUNT.model_copy(update={"kind": "exists"}), company.id, now, touched)
        case _:
            return rhythm(company.id, touched)


async def looks(
    engine: AsyncEngine, company: Company, what: str, whom: list[UUID], now: datetime | None = None
) -> list[dict[str, Any]]:
    async with company.scopes() as scope:
        await scope.prefer_indexes()
        with explained(engine):
            asked = question(what, company, whom, now or real_now())
            # What the cache knows of an answer's columns is not true of a plan.
            found = await scope.session.scalar(asked, execution_options={"compiled_cache": None})
    plan = json.loads(found) if isinstance(found, str) else found
    return list(scans(plan[0]["Plan"]))


@pytest.mark.parametrize("what", ["a segment", "a trait", "whether", "the rhythm of orders"])
async def test_a_persons_events_are_found_by_the_person(
    acme: Company, ingestion: Ingestion, engine: AsyncEngine, settings: Settings, what: str
) -> None:
    await ingest(ingestion, Sender(acme.id, None), *(track("Seen") for _ in range(5)))
    await as_owner(settings, "ANALYZE cdp_events")
    found = await looks(engine, acme, what, [uuid7()])
    assert found
    for each in found:
        assert "person_key" in each.get("Index Cond", ""), json.dumps(each)


@pytest.mark.parametrize("what", ["a segment", "a trait", "whether", "a segment of all", "a trait of all"])
async def test_months_before_the_window_are_not_looked_into(
    acme: Company, engine: AsyncEngine, what: str
) -> None:
    today = real_now()
    found = await looks(engine, acme, what, [uuid7()], today + timedelta(days=130))
    tables = {each["Relation Name"] for each in found}
    assert tables
    assert f"cdp_events_p_{today:%Y_%m}" not in tables


@pytest.mark.parametrize("what", ["a segment", "whether"])
async def test_where_the_newest_event_decides_no_other_is_read(
    acme: Company, ingestion: Ingestion, engine: AsyncEngine, what: str
) -> None:
    await ingest(ingestion, Sender(acme.id, None), *(track("Order Completed", userId="u") for _ in range(50)))
    await Resolver(acme.scopes).drain()
    async with acme.scopes() as scope:
        whom = list(await scope.session.scalars(select(CdpProfile.id)))
    found = await looks(engine, acme, what, whom)
    assert sum(each["Actual Rows"] * each["Actual Loops"] for each in found) == 1


async def read_so_far(scope: TenantScope) -> Counter[str]:
    """By this connection, since PostgreSQL last took its numbers: not within a transaction."""
    return Counter({str(name): int(rows) for name, rows in await scope.session.execute(_READ)})


async def rows_read(company: Company, work: Work) -> dict[str, int]:
    """How many rows of each table of events a work's transactions read."""
    found: Counter[str] = Counter()

    @asynccontextmanager
    async def watched() -> AsyncIterator[TenantScope]:
        async with company.scopes() as scope:
            before = await read_so_far(scope)
            yield scope
            found.update(await read_so_far(scope))
            found.subtract(before)

    await work(watched)
    return {table: rows for table, rows in found.items() if rows}


@pytest.fixture
async def counted_again(settings: Settings) -> AsyncIterator[None]:
    """What a test made PostgreSQL forget of the tables is known to the tests after it."""
    yield
    await as_owner(settings, "ANALYZE")


@pytest.mark.usefixtures("counted_again")
@pytest.mark.parametrize("counted", [_NEVER_COUNTED, _COUNTED_WHEN_SMALL], ids=["never", "when small"])
async def test_a_turn_reads_no_more_events_of_a_company_that_has_grown(
    acme: Company, engine: AsyncEngine, ingestion: Ingestion, settings: Settings, counted: tuple[str, ...]
) -> None:
    """Its plans are from when the tables were small, or nobody had counted them."""
    lab = TraitLab(acme, engine, ingestion)
    await lab.begin()
    await lab.trait("bought", **_COUNT.model_dump(mode="json"))
    await lab.segment(_DID.model_dump(mode="json"))

    async def turns(people: range) -> dict[str, dict[str, int]]:
        orders = [track("Order Completed", userId=f"u-{n}", anonymousId=f"a-{n}") for n in people]
        await ingest(ingestion, Sender(acme.id, None), *orders)
        await Resolver(acme.scopes).drain()
        return {name: await rows_read(acme, work) for name, work in _TURNS.items()}

    await turns(range(3))
    await as_owner(settings, *counted)
    for number in range(_UNTIL_PLANS_ARE_KEPT):
        small = await turns(range(100 + number * 3, 100 + number * 3 + 3))
    await turns(range(1_000, 1_000 + _MANY))
    large = await turns(range(2_000, 2_003))
    assert small.keys() == large.keys() == {name for name, read in large.items() if read}
    more = {
        (name, table): (small[name].get(table, 0), rows)
        for name, read in large.items()
        for table, rows in read.items()
        if rows > small[name].get(table, 0) + _MANY // 10
    }
    assert more == {}
