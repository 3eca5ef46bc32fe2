"""`/control/snapchat`: what Snapchat lets no program do: be a person, end a token, narrow the limits."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from sandbox.control import audiences as audiences_control
from sandbox.control import reviews
from sandbox.control.refusals import Refused
from sandbox.vendors.snapchat import constants as ids
from sandbox.vendors.snapchat import conversions, review, segments, writes
from sandbox.vendors.snapchat.changelogs import Actor
from sandbox.vendors.snapchat.state import SnapState

PERSON_ID = ids.uid(8, 0, 42)


class Edit(BaseModel):
    """Changes in the API's own words and units; null takes a field away."""

    model_config = ConfigDict(extra="forbid")

    object_id: str
    changes: Annotated[dict[str, Any], Field(min_length=1)]
    actor: Annotated[str, Field(min_length=3)] = "dana.reyes@northwind.example"


class TokenChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    action: Literal["revoke", "expire", "restore"]
    token: str | None = None


class Quota(BaseModel):
    model_config = ConfigDict(extra="forbid")

    requests_per_second: Annotated[int, Field(ge=1)]


def router(snap: SnapState) -> APIRouter:
    routes = APIRouter(prefix="/control/snapchat", tags=["snapchat"])

    @routes.get("")
    async def read() -> dict[str, Any]:
        return {
            "access_token": snap.tokens.standing,
            "refresh_token": snap.tokens.standing_grant,
            "app_id": ids.APP_ID,
            "app_secret": snap.tokens.app_secret,
            "organization_id": ids.ORGANIZATION_ID,
            "accounts": list(snap.ground.world.of(ids.PLATFORM)),
            "pixels": {ids.US_ACCOUNT: ids.US_PIXEL, ids.KW_ACCOUNT: ids.KW_PIXEL},
            "requests_per_second": snap.limits.per_second,
        }

    @routes.post("/edit")
    async def edit(wanted: Edit) -> dict[str, Any]:
        kinds = ("campaign", "adsquad", "ad")
        entity = next((e for kind in kinds if (e := snap.entities.find(wanted.object_id, kind))), None)
        if entity is None:
            raise Refused("There is no such object.", 404)
        try:
            writes.change(snap, entity, wanted.changes, Actor(PERSON_ID, wanted.actor))
        except writes.Refusal as refusal:
            raise Refused("Snapchat refuses this edit.", snapchat=str(refusal)) from refusal
        return writes.shown(snap, entity)

    lists = audiences_control.router(
        lambda: segments.every(snap), lambda audience: segments.inside(snap, audience)
    )
    routes.include_router(lists)
    routes.include_router(
        reviews.router(lambda wanted: review.judge(snap, wanted), lambda wanted: review.stand(snap, wanted))
    )

    @routes.post("/tokens")
    async def change_token(wanted: TokenChange) -> dict[str, Any]:
        """The pre-issued access token, unless another, or a refresh token, is named."""
        token = wanted.token or snap.tokens.standing
        act = {"revoke": snap.tokens.revoke, "expire": snap.tokens.expire, "restore": snap.tokens.restore}
        if not act[wanted.action](token):
            raise Refused("There is no such token.", 404)
        return {"action": wanted.action}

    @routes.post("/quota")
    async def change_quota(wanted: Quota) -> dict[str, Any]:
        """Requests a second and token, after which Snapchat answers 429."""
        snap.limits.per_second = wanted.requests_per_second
        return {"requests_per_second": snap.limits.per_second}

    @routes.get("/events")
    async def events(pixel: str = ids.US_PIXEL, since: float = 0.0, limit: int = 100) -> dict[str, Any]:
        """What the Conversions API received, newest first (at most 5,000 are looked at)."""
        rows = conversions.received(snap.ground.store, pixel, since)
        unique = sum(1 for row in rows if not row["duplicate"])
        return {"received": len(rows), "unique": unique, "events": rows[:limit]}

    return routes
