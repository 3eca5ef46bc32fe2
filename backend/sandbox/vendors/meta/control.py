"""`/control/meta`: what Meta's API lets no program do: be a person, end a token, shrink a quota."""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from sandbox.control import reviews
from sandbox.control.refusals import Refused
from sandbox.vendors.meta import constants, conversions, review, webhooks, writes
from sandbox.vendors.meta.activities import Actor
from sandbox.vendors.meta.errors import GraphError
from sandbox.vendors.meta.state import MetaState

PERSON_ID = "100000000000042"


class Edit(BaseModel):
    """Changes in the API's own words and units, such as {"daily_budget": "120000"}."""

    model_config = ConfigDict(extra="forbid")

    object_id: str
    changes: Annotated[dict[str, str | int], Field(min_length=1)]
    actor: Annotated[str, Field(min_length=1)] = "Dana Reyes"


class TokenChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    action: Literal["revoke", "expire", "restore"]
    token: str | None = None


class Quota(BaseModel):
    """`report_rows`: the most that a report may hold which is asked for at once; 0 lifts the limit.

    `failing_reports`: how many of the next that are made in the background fail.
    """

    model_config = ConfigDict(extra="forbid")

    calls_per_hour: Annotated[int, Field(ge=1)] | None = None
    report_rows: Annotated[int, Field(ge=0)] | None = None
    failing_reports: Annotated[int, Field(ge=0)] | None = None


class Webhook(BaseModel):
    """A message of Meta's to a webhook: something changed in an account."""

    model_config = ConfigDict(extra="forbid")

    url: str
    account: str
    field: str = "in_process_ad_objects"
    verify_token: str | None = None
    """With it Meta's question is asked first, as when the webhook is set up."""


def router(meta: MetaState) -> APIRouter:
    routes = APIRouter(prefix="/control/meta", tags=["meta"])

    @routes.get("")
    async def read() -> dict[str, Any]:
        return {
            "access_token": meta.tokens.standing,
            "read_only_token": meta.tokens.read_only,
            "app_id": constants.APP_ID,
            "app_secret": meta.tokens.app_secret,
            "accounts": [f"act_{account}" for account in meta.world.of(constants.PLATFORM)],
            "pixels": {constants.US_ACCOUNT: constants.US_PIXEL, constants.HU_ACCOUNT: constants.HU_PIXEL},
            "business_id": constants.BUSINESS_ID,
            "calls_per_hour": meta.usage.per_hour,
        }

    @routes.post("/webhook")
    async def webhook(wanted: Webhook) -> dict[str, Any]:
        return await asyncio.to_thread(
            webhooks.send,
            wanted.url,
            account=wanted.account,
            field=wanted.field,
            app_secret=meta.tokens.app_secret,
            verify_token=wanted.verify_token,
        )

    @routes.post("/edit")
    async def edit(wanted: Edit) -> dict[str, Any]:
        node = meta.nodes.find(wanted.object_id)
        if node is None:
            raise Refused("There is no such object.", 404)
        try:
            changes = {name: str(value) for name, value in wanted.changes.items()}
            writes.update(meta, node, changes, Actor(PERSON_ID, wanted.actor))
        except GraphError as error:
            raise Refused("Meta refuses this edit.", meta=error.body()) from error
        return {"id": node.id, **node.data}

    @routes.post("/tokens")
    async def change_token(wanted: TokenChange) -> dict[str, Any]:
        """The pre-issued token, unless another is named."""
        token = wanted.token or meta.tokens.standing
        act = {"revoke": meta.tokens.revoke, "expire": meta.tokens.expire, "restore": meta.tokens.restore}
        if not act[wanted.action](token):
            raise Refused("There is no such token.", 404)
        return {"action": wanted.action}

    @routes.post("/quota")
    async def change_quota(wanted: Quota) -> dict[str, Any]:
        """Calls per ad account and hour, after which Meta answers 80004; and how large a report may be."""
        usage = meta.usage
        usage.set(wanted.calls_per_hour, wanted.report_rows, wanted.failing_reports)
        return {
            "calls_per_hour": usage.per_hour,
            "report_rows": usage.report_rows,
            "failing_reports": usage.failing_reports,
        }

    routes.include_router(
        reviews.router(lambda wanted: review.judge(meta, wanted), lambda wanted: review.stand(meta, wanted))
    )

    @routes.get("/events")
    async def events(pixel: str = constants.US_PIXEL, since: float = 0.0, limit: int = 100) -> dict[str, Any]:
        """What the Conversions API received, newest first (at most 5,000 are looked at)."""
        rows = conversions.received(meta.store, pixel, since)
        unique = sum(1 for row in rows if not row["duplicate"])
        return {"received": len(rows), "unique": unique, "events": rows[:limit]}

    return routes
