"""The execution protocol under test: what waits is done, time passes, and what left is counted at the platform."""

import os
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg
from sqlalchemy import select, text, update

from app.db.session import Scopes
from app.models.autopilot.actions import AutopilotAction
from app.models.campaigns.metrics import CampaignMetricsDay
from app.models.trust_engine.permits import TrustPermit
from app.workers import tasks
from app.workers.runtime import Delivery, Outcome, Runtime
from tests.sandbox_process import Sandbox

EXECUTE = "autopilot.actions.execute"
assert tasks.__all__, "the worker's handlers are known from here on"

_WAITING = text("select id from outbox where kind = 'task' and name = :name order by seq")
_OLDER = (
    """UPDATE trust_permits SET used_at = used_at - $1::interval, expires_at = expires_at - $1::interval
    WHERE tenant_id = $2""",
    """UPDATE autopilot_actions SET executing_at = executing_at - $1::interval,
    permit_expires_at = permit_expires_at - $1::interval WHERE tenant_id = $2""",
)


async def waiting(scopes: Scopes, name: str = EXECUTE) -> list[UUID]:
    async with scopes() as scope:
        return list(await scope.session.scalars(_WAITING, {"name": name}))


async def work(scopes: Scopes, runtime: Runtime, name: str = EXECUTE) -> list[Outcome]:
    """Every task of this name that waits is delivered once, whenever it would be due."""
    async with scopes() as scope:
        tenant_id = scope.tenant_id
    return [await runtime.deliver(name, Delivery(each, tenant_id)) for each in await waiting(scopes, name)]


async def real_time_passed(scopes: Scopes, minutes: float) -> None:
    """For the tenant's permits and executions it is so much later."""
    async with scopes() as scope:
        tenant_id = scope.tenant_id
    connection = await asyncpg.connect(os.environ["DATABASE_OWNER_URL"])
    try:
        async with connection.transaction():
            # Of a permit only its use is written, once: who makes it older is the owner, past that rule.
            await connection.execute("SET LOCAL session_replication_role = replica")
            for statement in _OLDER:
                await connection.execute(statement, timedelta(minutes=minutes), tenant_id)
    finally:
        await connection.close()


async def earned(scopes: Scopes, campaign_id: UUID, *, lately: int = 100) -> None:
    """Fifteen days of a campaign: a hundred conversions in each, and so many in those of the last week."""
    async with scopes() as scope:
        now = scope.now()
        for back in range(1, 16):
            await scope.session.merge(
                CampaignMetricsDay(
                    tenant_id=scope.tenant_id,
                    campaign_id=campaign_id,
                    day=(now - timedelta(days=back)).date(),
                    currency="USD",
                    spend_micros=1_000_000_000,
                    impressions=10_000,
                    clicks=500,
                    conversions=Decimal(lately if back < 8 else 100),
                    conversion_value_micros=5_000_000_000,
                    ad_set_rows=1,
                    maturity=Decimal(1),
                    first_seen_at=now,
                    observed_at=now,
                )
            )


async def turned_out_badly(scopes: Scopes, action_id: UUID) -> None:
    """The change is eight days old, and a conversion has cost ten times as much since."""
    async with scopes() as scope:
        action = await scope.session.get_one(AutopilotAction, (scope.tenant_id, action_id))
        assert action.campaign_id is not None
        now = scope.now()
    await earned(scopes, action.campaign_id, lately=10)
    async with scopes() as scope:
        await scope.session.execute(
            update(AutopilotAction)
            .where(AutopilotAction.id == action_id)
            .values(applied_at=now - timedelta(days=8), watch_until=now + timedelta(days=1))
        )


async def permits_used(scopes: Scopes) -> dict[UUID, TrustPermit]:
    async with scopes() as scope:
        statement = select(TrustPermit).where(TrustPermit.used_at.is_not(None))
        return {each.id: each for each in await scope.session.scalars(statement)}


async def actions(scopes: Scopes) -> dict[UUID, AutopilotAction]:
    async with scopes() as scope:
        statement = select(AutopilotAction).order_by(AutopilotAction.proposed_at, AutopilotAction.id)
        return {each.id: each for each in await scope.session.scalars(statement)}


@dataclass(frozen=True)
class Arrival:
    """A request as the platform saw it, in real seconds since 1970."""

    number: int
    began_at: float
    ended_at: float | None
    method: str
    path: str


@dataclass
class PlatformLog:
    """Requests that change something, of one method and at paths that end so, in the platform's own log."""

    sandbox: Sandbox
    method: str
    path: str | tuple[str, ...]
    mark: int = 0

    def __post_init__(self) -> None:
        self.mark = self.sandbox.control("GET", "calls", params={"after": 10**12})["newest"]

    def writes(self) -> list[Arrival]:
        """Since this was made."""
        found = self.sandbox.control("GET", "calls", params={"after": self.mark})["calls"]
        return [
            Arrival(each["number"], each["began_at"], each["ended_at"], each["method"], each["path"])
            for each in found
            if each["method"] == self.method and each["path"].rstrip("/").endswith(self.path)
        ]
