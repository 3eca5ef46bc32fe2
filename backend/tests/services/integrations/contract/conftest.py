from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from app.core.clock import real_now
from app.core.ids import uuid7
from app.db.session import Scopes
from app.models.integrations.calls import PlatformCall
from app.models.integrations.connections import Connection
from app.models.integrations.kinds import Platform
from app.services.integrations.gateway import Gateway
from app.services.integrations.ports import (
    SET_DAILY_BUDGET,
    SET_LIFETIME_BUDGET,
    SET_STATUS,
    AdPlatform,
    BudgetedType,
    ConversionEvent,
    ConversionSettings,
    PreparedEvent,
)
from app.services.integrations.service import IntegrationsService, circuit_key
from app.services.integrations.vendors import VENDORS
from app.services.trust_engine.gate.permits import Change
from tests.sandbox_process import Sandbox
from tests.services.integrations.conftest import Desk
from tests.services.integrations.contract.subjects import CENT, SUBJECTS, Place, Subject

FACTS = {
    SET_DAILY_BUDGET: "daily_budget_micros",
    SET_LIFETIME_BUDGET: "lifetime_budget_micros",
    SET_STATUS: "status",
}
CONVERSION = ConversionSettings()


@dataclass(frozen=True)
class Bench:
    """One platform under contract: a tenant connected to it, and what the sandbox knows past our connector."""

    name: Platform
    subject: Subject
    scopes: Scopes
    sandbox: Sandbox
    desk: Desk
    gateway: Gateway
    place: Place

    async def platform(self) -> AdPlatform:
        return await IntegrationsService(self.scopes, self.desk).connector(self.place.account)

    async def other(self) -> AdPlatform:
        """The other account of the same token."""
        return await IntegrationsService(self.scopes, self.desk).connector(self.place.other)

    def order(self, kind: str, path: str = "/", **facts: Any) -> None:
        fault = {"kind": kind, "vendor": self.name.value, "path": path, **facts}
        self.sandbox.control("POST", "faults", json=fault)

    def change(
        self,
        operation: str,
        after: int | str,
        *,
        before: int | str | None = None,
        entity: str | None = None,
        entity_type: BudgetedType = "campaign",
        account: str | None = None,
    ) -> Change:
        fact = FACTS[operation]
        return Change(
            platform=self.name.value,
            account=account or self.subject.account,
            entity_type=entity_type,
            entity=entity or self.subject.campaign,
            operation=operation,
            before={} if before is None else {fact: before},
            after={fact: after},
        )

    def raised(self) -> Change:
        """The campaign's daily budget, a little over what it is."""
        held = self.subject.held(self.sandbox)
        return self.change(SET_DAILY_BUDGET, held + 123 * CENT, before=held)

    def event(self, key: str | None = None, **changes: Any) -> ConversionEvent:
        facts: dict[str, Any] = {
            "dedupe_key": key or f"order-{uuid7().hex}",
            "name": "purchase",
            "at": real_now() - timedelta(hours=1),
            "identifiers": {"email": "ada@example.com", "ip": "8.8.8.8", "user_agent": "Agent/1"},
            "value_micros": 42_500_000,
            "currency": "USD",
            "url": "https://shop.northwind.example/thanks",
        }
        return ConversionEvent(**facts | changes)

    async def prepared(self, event: ConversionEvent) -> PreparedEvent:
        found = (await self.platform()).prepare_event(event, real_now())
        assert isinstance(found, PreparedEvent)
        return found

    async def circuit(self) -> str:
        async with self.scopes() as scope:
            return circuit_key(scope.tenant_id, self.name, self.subject.account)

    async def calls(self) -> list[PlatformCall]:
        async with self.scopes() as scope:
            return list(await scope.session.scalars(select(PlatformCall).order_by(PlatformCall.started_at)))

    async def writes(self) -> list[str]:
        """What became of each request that changes the account."""
        return [str(call.outcome) for call in await self.calls() if call.mutating]

    async def connection(self) -> Connection:
        async with self.scopes() as scope:
            statement = select(Connection).where(Connection.id == self.place.connection_id)
            return (await scope.session.scalars(statement)).one()

    async def put_connection(self, **values: Any) -> None:
        async with self.scopes() as scope:
            await scope.session.execute(
                update(Connection).where(Connection.id == self.place.connection_id).values(**values)
            )


def days_ago(days: int) -> datetime:
    return real_now() - timedelta(days=days)


@pytest.fixture(params=list(VENDORS))
async def bench(
    request: pytest.FixtureRequest, scopes: Scopes, sandbox: Sandbox, platforms: Gateway, desk: Desk
) -> AsyncIterator[Bench]:
    """At the end faults are mended and the campaign is as it was: all tests share its platform."""
    subject = SUBJECTS[request.param]
    subject.edit(sandbox, None, True)
    held = subject.held(sandbox)
    place = await subject.connect(scopes, sandbox)
    yield Bench(request.param, subject, scopes, sandbox, desk, platforms, place)
    sandbox.repair()
    subject.edit(sandbox, held, True)
