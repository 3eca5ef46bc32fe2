"""The native dialect, and what people read of the events."""

from datetime import UTC, datetime
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy import text

from app.auth.permissions import Role
from app.core.ids import uuid7
from tests.factories.access import Company
from tests.factories.cdp import Source, make_source

EVENTS = "/api/v1/cdp/events"


@pytest.fixture
async def source(acme: Company) -> Source:
    return await make_source(acme)


def event(name: str = "Order Completed", **members: Any) -> dict[str, Any]:
    return {"event_name": name, "message_id": f"m-{uuid7()}", "user_id": "u-1", **members}


async def test_one_event_or_many_by_a_signed_in_person(client: AsyncClient) -> None:
    one = await client.post(EVENTS, json=event())
    assert (one.status_code, one.json()) == (200, {"accepted": 1, "duplicates": 0, "rejected": []})
    many = [event("A"), event("B"), event("")]
    answer = (await client.post(EVENTS, json={"events": [*many, many[0]]})).json()
    assert (answer["accepted"], answer["duplicates"]) == (2, 1)
    assert [(each["message_id"], each["code"]) for each in answer["rejected"]] == [
        (many[2]["message_id"], "event_missing")
    ]


async def test_a_write_key_sends_from_any_of_its_places(anonymous: AsyncClient, source: Source) -> None:
    body = await anonymous.post(EVENTS, json={**event(), "write_key": source.key})
    header = await anonymous.post(EVENTS, json=event(), headers={"X-Write-Key": source.key})
    basic = await anonymous.post(EVENTS, json=event(), auth=(source.key, ""))
    assert [answer.json().get("accepted") for answer in (body, header, basic)] == [1, 1, 1]


@pytest.mark.parametrize(("role", "status"), [(Role.VIEWER, 403), (Role.ANALYST, 200)])
async def test_sending_needs_the_permission(acme: Company, role: Role, status: int) -> None:
    assert (await acme.client(role).post(EVENTS, json=event())).status_code == status


async def test_sending_without_a_credential_is_401(anonymous: AsyncClient) -> None:
    assert (await anonymous.post(EVENTS, json=event())).status_code == 401


async def test_a_batch_is_told_downstream_by_one_message(client: AsyncClient, acme: Company) -> None:
    await client.post(EVENTS, json={"events": [event() for _ in range(50)]})
    async with acme.scopes() as scope:
        told = list(await scope.session.execute(text("select kind, name, queue, payload from outbox")))
    tasks = [row for row in told if row.kind == "task"]
    assert [(row.name, row.queue, row.payload["count"]) for row in tasks] == [
        ("cdp.events.accepted", "cdp", 50)
    ]
    assert datetime.fromisoformat(tasks[0].payload["received_from"]) <= datetime.now(UTC)
    assert len(told) == 1
