"""Requests are counted by what they ask for, not by whom or which one."""

from httpx2 import AsyncClient

from app.core.ids import uuid7
from tests.factories.access import Company


async def test_a_request_is_counted_under_its_routes_template(anonymous: AsyncClient, acme: Company) -> None:
    action, strange = uuid7(), uuid7()
    await acme.client().get(f"/api/v1/autopilot/actions/{action}")
    await acme.client().get(f"/nothing/{strange}")
    counted = (await anonymous.get("/metrics")).text
    assert "/autopilot/actions/{action_id}" in counted
    assert str(action) not in counted
    assert str(strange) not in counted
