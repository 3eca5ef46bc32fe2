"""Who changed is looked up by key, whatever the planner thinks of the tables: it may have known them when small."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import ARRAY, Select, Uuid, event, literal
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.clock import real_now
from app.core.config import Settings
from app.core.ids import uuid7
from app.db.session import plain_url
from app.schemas.cdp.traits import TraitDefinition
from app.services.cdp.events.service import Ingestion
from app.services.cdp.sources.service import Sender
from app.services.cdp.traits.computing_repository import rhythm, values
from tests.factories.access import Company
from tests.factories.cdp import ingest, track

_COUNT = TraitDefinition.model_validate(
    {"kind": "count", "event": "Order Completed", "window": {"kind": "last", "days": 90}}
)


@contextmanager
def explained(engine: AsyncEngine) -> Iterator[None]:
    """Each statement answers with its plan instead."""

    def explain(*called: Any) -> tuple[str, Any]:
        return f"EXPLAIN (FORMAT JSON) {called[2]}", called[3]

    event.listen(engine.sync_engine, "before_cursor_execute", explain, retval=True)
    try:
        yield
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", explain)


def scans(node: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Each look at a table: how, by which index, and on what condition."""
    if "Relation Name" in node:
        yield node["Relation Name"], node.get("Index Name", node["Node Type"]), node.get("Index Cond", "")
    for inner in node.get("Plans", ()):
        yield from scans(inner)


def of_traits(company: Company, whom: list[UUID]) -> dict[str, Select[Any]]:
    touched = literal(whom, ARRAY(Uuid()))
    return {
        "a trait": values(_COUNT, company.id, real_now(), touched),
        "the rhythm of orders": rhythm(company.id, touched),
    }


@pytest.mark.parametrize("what", ["a trait", "the rhythm of orders"])
async def test_a_persons_events_are_found_by_the_person(
    acme: Company, ingestion: Ingestion, engine: AsyncEngine, settings: Settings, what: str
) -> None:
    await ingest(ingestion, Sender(acme.id, None), *(track("Seen") for _ in range(5)))
    assert settings.database_owner_url is not None
    owner = await asyncpg.connect(plain_url(settings.database_owner_url.get_secret_value()))
    await owner.execute("ANALYZE cdp_events")
    await owner.close()
    async with acme.scopes() as scope:
        await scope.prefer_indexes()
        with explained(engine):
            found = await scope.session.scalar(of_traits(acme, [uuid7()])[what])
    plan = json.loads(found) if isinstance(found, str) else found
    looks = [each for each in scans(plan[0]["Plan"]) if each[0].startswith("cdp_events")]
    assert looks
    for table, index, condition in looks:
        assert "person_key" in condition, (table, index, condition)
