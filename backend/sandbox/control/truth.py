"""`/control/truth`: what no platform can see."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from sandbox.clock import iso
from sandbox.control.refusals import Refused
from sandbox.control.times import seconds
from sandbox.services import Services
from sandbox.world import truth
from sandbox.world.account import AccountWorld
from sandbox.world.seasons import DAY
from sandbox.world.shop import ShopWorld

Limit = Annotated[int, Query(ge=1, le=5000)]
Offset = Annotated[int, Query(ge=0)]


def _chosen(
    services: Services, shop: str | None, account: str | None
) -> tuple[ShopWorld, list[AccountWorld]]:
    """All accounts of a shop (the first one, unless it is named), or the one that is named, and its shop."""
    world = services.world
    world.run_to(services.clock.now())
    if account is not None:
        name = services.vendors.account(account)
        if name is None or shop not in {None, world.accounts[name].shop.id}:
            raise Refused("There is no such ad account.", 404)
        return world.shops[world.accounts[name].shop.id], [world.accounts[name]]
    house = next(iter(world.shops.values())) if shop is None else world.shops.get(shop)
    if house is None:
        raise Refused("There is no such shop.", 404, available=list(world.shops))
    return house, list(house.accounts.values())


def _rows(services: Services, account: AccountWorld, start: float, end: float) -> list[dict[str, Any]]:
    vendor = services.vendors.named(account.platform)
    found = truth.campaigns(account, start, end)
    for row in found:
        row["name"] = None if vendor is None else vendor.campaign_name(row["campaign_id"])
    return found


def router(services: Services) -> APIRouter:
    routes = APIRouter(prefix="/control/truth", tags=["truth"])

    def span(since: datetime | None, until: datetime | None) -> tuple[float, float]:
        end = services.clock.now() if until is None else min(seconds(until), services.clock.now())
        return (end - 7 * DAY if since is None else seconds(since)), end

    @routes.get("/campaigns")
    async def campaigns(
        shop: str | None = None,
        account: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> dict[str, Any]:
        """Of all platforms. The last seven days, unless `since` and `until` say otherwise."""
        start, end = span(since, until)
        _, accounts = _chosen(services, shop, account)
        rows = [row for found in accounts for row in _rows(services, found, start, end)]
        return {"since": iso(start), "until": iso(end), "campaigns": rows}

    @routes.get("/curves")
    async def curves(shop: str | None = None, account: str | None = None) -> dict[str, Any]:
        _, accounts = _chosen(services, shop, account)
        return {"curves": [row for found in accounts for row in truth.curves(found)]}

    @routes.get("/orders")
    async def orders(
        shop: str | None = None,
        account: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        offset: Offset = 0,
        limit: Limit = 1000,
    ) -> dict[str, Any]:
        """With each order's true cause, and who claims it; `claimed_by` is the account's, or else the first's."""
        start, end = span(since, until)
        house, accounts = _chosen(services, shop, account)
        found = house.tape.orders_between(start, end)
        total = sum(o.cents for o in found) / 100
        rows = [truth.order(o, house, accounts[0].id) for o in found[offset : offset + limit]]
        return {"total": len(found), "revenue": total, "currency": house.shop.currency, "orders": rows}

    @routes.get("/people")
    async def people(
        shop: str | None = None, account: str | None = None, *, offset: Offset = 0, limit: Limit = 1000
    ) -> dict[str, Any]:
        house, _ = _chosen(services, shop, account)
        return {"total": house.shop.people, "people": truth.people(house, offset, limit)}

    return routes
