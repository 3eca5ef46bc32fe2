"""What a source sends, as it is stored: counted once each, bounded, and of nobody in particular."""

import asyncio
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy import func, select, text

from app.models.cdp.arrivals import CdpEventArrival
from app.models.cdp.schemas import CdpSourceSchema
from app.services.cdp.arrivals.service import Arrivals
from app.services.cdp.events.service import Ingestion
from app.services.cdp.schemas import service as schemas
from app.services.cdp.sources.service import Sender
from tests.factories.access import Company
from tests.factories.cdp import Source, ingest, make_source, track


@pytest.fixture
async def source(acme: Company) -> Source:
    return await make_source(acme)


async def fold(company: Company) -> None:
    await Arrivals(company.scopes).drain()


async def send(ingestion: Ingestion, source: Source, *events: dict[str, Any]) -> None:
    await ingest(ingestion, Sender(source.tenant_id, source.id), *events)


async def schema(client: AsyncClient, source: Source, **query: Any) -> dict[str, Any]:
    answer = await client.get(f"/api/v1/cdp/sources/{source.id}/schema", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_names_numbers_types_and_shares(
    acme: Company, ingestion: Ingestion, client: AsyncClient, source: Source
) -> None:
    await send(
        ingestion,
        source,
        *(track("Viewed", userId=f"u-{n}", properties={"plan": "pro", "n": n}) for n in range(3)),
    )
    await send(
        ingestion, source, track("Viewed", userId="u-9", properties={"plan": 7, "email": "a@b.example"})
    )
    await send(ingestion, source, track("Ordered"))
    await fold(acme)
    found = await schema(client, source)
    assert (found["total"], found["names"], found["events_beyond"]) == (2, 2, 0)
    [viewed] = [each for each in found["items"] if each["event_name"] == "Viewed"]
    assert (viewed["events"], viewed["sampled"], viewed["event_type"]) == (4, 4, "track")
    properties = {each["name"]: each for each in viewed["properties"]}
    assert properties["plan"]["share"] == 1
    assert properties["n"]["share"] == 0.75
    assert {each["type"]: each["events"] for each in properties["plan"]["types"]} == {"text": 3, "number": 1}
    assert properties["plan"]["examples"] == ["pro"], "what several people sent is shown"
    assert properties["n"]["examples"] == [], "what one alone sent is not"
    assert [each["type"] for each in properties["email"]["types"]] == ["personal"]
    assert [(each["kind"], each["property"]) for each in viewed["drift"]] == [("type_changed", "plan")]
    assert [each["event_name"] for each in (await schema(client, source, drifting=True))["items"]] == [
        "Viewed"
    ]
    assert [each["event_name"] for each in (await schema(client, source, q="order"))["items"]] == ["Ordered"]


async def test_folds_at_once_and_again_count_each_event_once(
    acme: Company, ingestion: Ingestion, source: Source
) -> None:
    async def one(number: int) -> None:
        events = [track(f"E{n % 3}", properties={"n": n}) for n in range(10)]
        await send(ingestion, source, *events, events[0], track(f"E{number % 3}"))
        await fold(acme)

    await asyncio.gather(*(one(number) for number in range(8)))
    await fold(acme)
    await fold(acme)
    async with acme.scopes() as scope:
        assert await scope.session.scalar(select(func.sum(CdpSourceSchema.events))) == 88
        assert await scope.session.scalar(select(func.count()).select_from(CdpEventArrival)) == 0


async def test_generated_names_are_counted_and_not_told_apart(
    acme: Company, ingestion: Ingestion, client: AsyncClient, source: Source
) -> None:
    for start in range(0, 600, 60):
        await send(ingestion, source, *(track(f"Viewed {number}") for number in range(start, start + 60)))
        await fold(acme)
    found = await schema(client, source)
    assert (found["names"], found["most_names"], found["events_beyond"]) == (500, schemas.MOST_NAMES, 100)
    # A write that has more names than any program means is not told apart by them at all.
    await send(ingestion, source, *(track(f"Seen {number}") for number in range(250)))
    await fold(acme)
    assert (await schema(client, source))["events_beyond"] == 350


async def test_nothing_of_a_value_is_kept(acme: Company, ingestion: Ingestion, source: Source) -> None:
    await send(
        ingestion, source, track("Viewed", properties={"note": "unmistakable", "deep": {"er": "words"}})
    )
    await fold(acme)
    async with acme.scopes() as scope:
        rows = str((await scope.session.execute(text("select * from cdp_source_schemas"))).mappings().all())
    assert "unmistakable" not in rows
    assert "words" not in rows
    assert "deep.er" in rows


async def test_volume_is_counted_exactly_and_empty_hours_are_zero(
    ingestion: Ingestion, client: AsyncClient, source: Source
) -> None:
    twice = track()
    await send(ingestion, source, twice, track(), {"type": "track", "userId": "u-1", "messageId": "m-1"})
    await send(ingestion, source, twice)
    address = f"/api/v1/cdp/sources/{source.id}/volume"
    for by in ("hour", "day"):
        found = (await client.get(address, params={"by": by, "buckets": 24})).json()
        assert len(found["buckets"]) in {1, 2}, "none is from before the source was made"
        total = [
            sum(each[name] for each in found["buckets"]) for name in ("accepted", "duplicates", "rejected")
        ]
        assert total == [2, 1, 1]
        assert [each["complete"] for each in found["buckets"]][-1] is False
    assert (await client.get(address, params={"by": "week"})).status_code == 422
