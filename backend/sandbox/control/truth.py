"""`/control/truth`: what no platform can see."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from sandbox.clock import iso
from sandbox.control.refusals import Refused
from sandbox.control.times import seconds
from sandbox.services import Services
from sandbox.vendors.meta.constants import US_ACCOUNT
from sandbox.world import truth
from sandbox.world.account import AccountWorld
from sandbox.world.seasons import DAY

Limit = Annotated[int, Query(ge=1, le=5000)]
Offset = Annotated[int, Query(ge=0)]


def router(services: Services) -> APIRouter:
    routes = APIRouter(prefix="/control/truth", tags=["truth"])

    def world(account: str) -> AccountWorld:
        name = account.removeprefix("act_")
        if name not in services.world.accounts:
            raise Refused("There is no such ad account.", 404)
        return services.meta.account_world(name)

    def span(since: datetime | None, until: datetime | None) -> tuple[float, float]:
        end = services.clock.now() if until is None else min(seconds(until), services.clock.now())
        return (end - 7 * DAY if since is None else seconds(since)), end

    @routes.get("/campaigns")
    async def campaigns(
        account: str = US_ACCOUNT, since: datetime | None = None, until: datetime | None = None
    ) -> dict[str, Any]:
        """The last seven days, unless `since` and `until` say otherwise."""
        start, end = span(since, until)
        rows = truth.campaigns(world(account), start, end)
        for row in rows:
            row["name"] = services.meta.nodes.get(row["campaign_id"]).data["name"]
        return {"since": iso(start), "until": iso(end), "campaigns": rows}

    @routes.get("/curves")
    async def curves(account: str = US_ACCOUNT) -> dict[str, Any]:
        return {"curves": truth.curves(world(account))}

    @routes.get("/orders")
    async def orders(
        account: str = US_ACCOUNT,
        since: datetime | None = None,
        until: datetime | None = None,
        offset: Offset = 0,
        limit: Limit = 1000,
    ) -> dict[str, Any]:
        """With each order's true cause, and whose the platform says it is."""
        start, end = span(since, until)
        tape = world(account)
        found = tape.orders_between(start, end)
        total = sum(o.cents for o in found) / 100
        rows = [truth.order(o, tape) for o in found[offset : offset + limit]]
        return {"total": len(found), "revenue": total, "currency": tape.shop.currency, "orders": rows}

    @routes.get("/people")
    async def people(account: str = US_ACCOUNT, offset: Offset = 0, limit: Limit = 1000) -> dict[str, Any]:
        tape = world(account)
        return {"total": tape.shop.people, "people": truth.people(tape, offset, limit)}

    return routes
