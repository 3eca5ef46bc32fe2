"""Who changed is looked up by key, whatever the planner thinks of the tables: it may have known them when small."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import ARRAY, Select, Uuid, event, literal, select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.clock import real_now
from app.core.config import Settings
from app.core.ids import uuid7
from app.db.session import plain_url
from app.models.cdp.profiles import CdpProfile
from app.schemas.cdp.segments_tree import read_rule
from app.schemas.cdp.traits import TraitDefinition
from app.services.cdp.events.service import Ingestion
from app.services.cdp.identity.service import Resolver
from app.services.cdp.segments.compiling_repository import SegmentQuery
from app.services.cdp.sources.service import Sender
from app.services.cdp.traits.computing_repository import rhythm, values
from tests.factories.access import Company
from tests.factories.cdp import ingest, track

_WINDOW = {"kind": "last", "days": 90}
_DID = read_rule({"kind": "event", "event": "Order Completed", "window": _WINDOW})
_COUNT = TraitDefinition.model_validate({"kind": "count", "event": "Order Completed", "window": _WINDOW})


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


def question(what: str, company: Company, whom: list[UUID]) -> Select[Any]:
    touched, now = literal(whom, ARRAY(Uuid())), real_now()
    match what:
        case "a segment":
            return SegmentQuery(_DID, tenant_id=company.id, now=now, touched=touched).verdicts()
        case "a trait":
            return values(_COUNT, company.id, now, touched)
        case "whether":
            return values(_COUNT.model_copy(update={"kind": "exists"}), company.id, now, touched)
        case _:
            return rhythm(company.id, touched)


async def looks(engine: AsyncEngine, company: Company, what: str, whom: list[UUID]) -> list[dict[str, Any]]:
    async with company.scopes() as scope:
        await scope.prefer_indexes()
        with explained(engine):
            found = await scope.session.scalar(question(what, company, whom))
    plan = json.loads(found) if isinstance(found, str) else found
    return list(scans(plan[0]["Plan"]))


@pytest.mark.parametrize("what", ["a segment", "a trait", "whether", "the rhythm of orders"])
async def test_a_persons_events_are_found_by_the_person(
    acme: Company, ingestion: Ingestion, engine: AsyncEngine, settings: Settings, what: str
) -> None:
    await ingest(ingestion, Sender(acme.id, None), *(track("Seen") for _ in range(5)))
    assert settings.database_owner_url is not None
    owner = await asyncpg.connect(plain_url(settings.database_owner_url.get_secret_value()))
    await owner.execute("ANALYZE cdp_events")
    await owner.close()
    found = await looks(engine, acme, what, [uuid7()])
    assert found
    for each in found:
        assert "person_key" in each.get("Index Cond", ""), each


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
