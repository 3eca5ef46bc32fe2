"""`/control/tiktok`: what TikTok's API lets no program do: be a person, end a token, shrink a quota."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from sandbox.control import audiences as audiences_control
from sandbox.control import reviews
from sandbox.control.refusals import Refused
from sandbox.vendors.tiktok import audiences, conversions, reading, review, writes
from sandbox.vendors.tiktok import constants as ids
from sandbox.vendors.tiktok.changelog import Actor
from sandbox.vendors.tiktok.errors import TikTokError
from sandbox.vendors.tiktok.state import TikTokState

_EDITED = frozenset({"campaign", "adgroup", "ad"})


class Edit(BaseModel):
    """Changes in the API's own words and units, such as {"budget": 120} or {"operation_status": "DISABLE"}."""

    model_config = ConfigDict(extra="forbid")

    object_id: str
    changes: Annotated[dict[str, str | int | float], Field(min_length=1)]
    actor: Annotated[str, Field(min_length=1)] = "Dana Reyes"
    below_spend: bool = False
    """Whether the budget may be less than what is spent of it, as no person could make it: to put back what was."""


class TokenChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    action: Literal["revoke", "expire", "restore"]
    token: str | None = None


class Quota(BaseModel):
    model_config = ConfigDict(extra="forbid")

    calls_per_minute: Annotated[int, Field(ge=1)]


def router(tiktok: TikTokState) -> APIRouter:
    routes = APIRouter(prefix="/control/tiktok", tags=["tiktok"])

    @routes.get("")
    async def read() -> dict[str, Any]:
        return {
            "access_token": tiktok.tokens.standing,
            "read_only_token": tiktok.tokens.read_only,
            "app_id": ids.APP_ID,
            "app_secret": tiktok.tokens.app_secret,
            "accounts": tiktok.advertisers,
            "pixels": {ids.US_ADVERTISER: ids.US_PIXEL, ids.HU_ADVERTISER: ids.HU_PIXEL},
            "calls_per_minute": tiktok.quota.per_minute,
        }

    @routes.post("/edit")
    async def edit(wanted: Edit) -> dict[str, Any]:
        entity = tiktok.entities.any(wanted.object_id)
        if entity is None or entity.kind not in _EDITED:
            raise Refused("There is no such object.", 404)
        allowed = {"operation_status", f"{entity.kind}_name"} | (
            {"budget"} if entity.kind != "ad" else set[str]()
        )
        if unknown := wanted.changes.keys() - allowed:
            raise Refused(f"{min(unknown)} is not changed here; {', '.join(sorted(allowed))} are.")
        try:
            writes.apply(tiktok, entity, wanted.changes, Actor(wanted.actor), below_spend=wanted.below_spend)
        except TikTokError as error:
            raise Refused("TikTok refuses this edit.", tiktok=error.body("")) from error
        return reading.public(tiktok, entity)

    lists = audiences_control.router(
        lambda: audiences.every(tiktok), lambda audience: audiences.inside(tiktok, audience)
    )
    routes.include_router(lists)
    routes.include_router(
        reviews.router(
            lambda wanted: review.judge(tiktok, wanted), lambda wanted: review.stand(tiktok, wanted)
        )
    )

    @routes.post("/tokens")
    async def change_token(wanted: TokenChange) -> dict[str, Any]:
        """The pre-issued token, unless another is named."""
        token = wanted.token or tiktok.tokens.standing
        tokens = tiktok.tokens
        act = {"revoke": tokens.revoke, "expire": tokens.expire, "restore": tokens.restore}
        if not act[wanted.action](token):
            raise Refused("There is no such token.", 404)
        return {"action": wanted.action}

    @routes.post("/quota")
    async def change_quota(wanted: Quota) -> dict[str, Any]:
        """The app's calls per minute, after which TikTok answers 40100."""
        tiktok.quota.per_minute = wanted.calls_per_minute
        return {"calls_per_minute": tiktok.quota.per_minute}

    @routes.get("/events")
    async def events(pixel: str = ids.US_PIXEL, since: float = 0.0, limit: int = 100) -> dict[str, Any]:
        """What the Events API received, newest first (at most 5,000 are looked at)."""
        rows = conversions.received(tiktok.ground.store, pixel, since)
        unique = sum(1 for row in rows if not row["duplicate"])
        return {"received": len(rows), "unique": unique, "events": rows[:limit]}

    return routes
