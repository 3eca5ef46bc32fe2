from typing import Any

import pytest
from sqlalchemy import select

from app.db.session import Scopes
from app.models.integrations.calls import PlatformCall
from app.services.integrations.gateway import Gateway
from app.services.integrations.ports import SET_DAILY_BUDGET, AdPlatform, BudgetedType
from app.services.integrations.service import IntegrationsService
from app.services.trust_engine.gate.permits import Change
from tests.factories.snapchat import PROSPECTING, US_ACCOUNT, Connected, connect
from tests.sandbox_process import Sandbox
from tests.services.integrations.conftest import Desk


@pytest.fixture
async def connected(scopes: Scopes, sandbox: Sandbox, platforms: Gateway) -> Connected:
    return await connect(scopes, sandbox)


@pytest.fixture
async def dollars(scopes: Scopes, connected: Connected, desk: Desk) -> AdPlatform:
    return await IntegrationsService(scopes, desk).connector(connected.dollars)


@pytest.fixture
async def dinars(scopes: Scopes, connected: Connected, desk: Desk) -> AdPlatform:
    return await IntegrationsService(scopes, desk).connector(connected.dinars)


async def calls_of(scopes: Scopes) -> list[PlatformCall]:
    async with scopes() as scope:
        return list(await scope.session.scalars(select(PlatformCall).order_by(PlatformCall.started_at)))


def change_of(
    operation: str,
    after: dict[str, Any],
    *,
    before: dict[str, Any] | None = None,
    entity_type: BudgetedType = "campaign",
    entity: str = PROSPECTING,
    account: str = US_ACCOUNT,
) -> Change:
    return Change(
        platform="snapchat",
        account=account,
        entity_type=entity_type,
        entity=entity,
        operation=operation,
        before=before or {},
        after=after,
    )


async def budget_change(platform: AdPlatform, micros: int, **place: Any) -> Change:
    kind, entity = place.get("entity_type", "campaign"), place.get("entity", PROSPECTING)
    before = (await platform.read_entity(kind, entity)).facts(SET_DAILY_BUDGET)
    return change_of(SET_DAILY_BUDGET, {"daily_budget_micros": micros}, before=before, **place)
