"""The tracking API, point by point of its contract."""

import json
from typing import Any

import pytest
from httpx2 import AsyncClient, Response
from sqlalchemy import text

from app.db.session import Scopes
from tests.factories.access import Company
from tests.factories.cdp import Source, make_source, track


@pytest.fixture
async def source(acme: Company) -> Source:
    return await make_source(acme)


async def rows(scopes: Scopes, statement: str = "select * from cdp_events order by event_name") -> list[Any]:
    async with scopes() as scope:
        return list(await scope.session.execute(text(statement)))


async def send(client: AsyncClient, source: Source, *events: Any, **beside: Any) -> Response:
    body = {"batch": list(events), "writeKey": source.key, "sentAt": None, **beside}
    return await client.post("/v1/batch", content=json.dumps(body))


async def test_a_batch_is_stored_and_answered_with_200_and_json(
    anonymous: AsyncClient, source: Source, scopes: Scopes
) -> None:
    answer = await send(anonymous, source, track("A"), track("B"))
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert [row.event_name for row in await rows(scopes)] == ["A", "B"]


async def test_a_resend_changes_nothing(anonymous: AsyncClient, source: Source, scopes: Scopes) -> None:
    events = [track(str(number)) for number in range(20)]
    for _ in range(3):
        assert (await send(anonymous, source, *events, *events[:5])).status_code == 200
    assert len(await rows(scopes)) == 20
    counts = await rows(scopes, "select sum(accepted) a, sum(duplicates) d from cdp_event_counts")
    assert (counts[0].a, counts[0].d) == (20, 55)
