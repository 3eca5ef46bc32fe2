"""Segment's own Python SDK, unmodified but for its host, against the application on a real port."""

from typing import Any

import pytest
from segment.analytics.client import Client
from sqlalchemy import text

from app.db.session import Scopes
from tests.factories.access import Company
from tests.factories.cdp import make_source
from tests.live_server import LiveServer


def _send(server: LiveServer, key: str, count: int, *, gzip: bool) -> list[Any]:
    """Queue `count` events with fixed ids, flush, and answer what the SDK reported as failed."""
    failures: list[Any] = []
    client = Client(
        key,
        host=server.url,
        gzip=gzip,
        max_retries=2,
        upload_size=100,
        upload_interval=0.05,
        on_error=lambda error, _items: failures.append(error),
    )
    for number in range(count):
        client.track(
            user_id=f"user-{number % 50}",
            event="Order Completed",
            properties={"order_id": f"o-{number}", "revenue": 19.99, "currency": "EUR"},
            context={"ip": "203.0.113.7"},
            message_id=f"sdk-{number}",
        )
    client.flush()
    client.shutdown()
    return failures


async def _count(scopes: Scopes) -> int:
    async with scopes() as scope:
        return int(await scope.session.scalar(text("select count(*) from cdp_events")) or 0)


@pytest.mark.parametrize("gzip", [False, True])
async def test_a_thousand_events_are_a_thousand_rows_and_a_resend_adds_none(
    live_server: LiveServer, acme: Company, scopes: Scopes, *, gzip: bool
) -> None:
    source = await make_source(acme)
    for _ in range(2):
        assert _send(live_server, source.key, 1_000, gzip=gzip) == []
        assert await _count(scopes) == 1_000
    async with scopes() as scope:
        row = (await scope.session.execute(text("select * from cdp_events where message_id = 'sdk-7'"))).one()
    assert (row.order_id, row.value_micros, row.currency, row.is_order) == ("o-7", 19_990_000, "EUR", True)
