"""`/control/google`: what Google's API lets no program do: be a person, end a token, set what a project may."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from sandbox.control import reviews
from sandbox.control.refusals import Refused
from sandbox.vendors.google import constants, datamanager, list_control, mutate, review
from sandbox.vendors.google.book import COLLECTIONS
from sandbox.vendors.google.changes import Actor
from sandbox.vendors.google.errors import AdsError, request_id
from sandbox.vendors.google.mutate import Wire
from sandbox.vendors.google.state import GoogleState, camel


class Edit(BaseModel):
    """Changes in the API's own words, such as {"amountMicros": "120000000"}."""

    model_config = ConfigDict(extra="forbid")

    resource_name: Annotated[str, Field(examples=["customers/4441115551/campaignBudgets/11400000001"])]
    changes: Annotated[dict[str, Any], Field(min_length=1)]
    actor: Annotated[str, Field(min_length=1)] = constants.PERSON_EMAIL


class TokenChange(BaseModel):
    """By access or refresh token: `revoke` ends the whole grant, `expire` the access token alone."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["revoke", "expire", "restore"]
    token: str | None = None


class Project(BaseModel):
    """`operations_per_day`: 2,880 is Explorer access, 15,000 Basic. Not approved: test accounts alone.

    `change_delay`: the most seconds by which `change_event` lags. `processing`: how many the Data Manager API works at
    a request before it tells what became of it.
    """

    model_config = ConfigDict(extra="forbid")

    operations_per_day: Annotated[int, Field(ge=1)] | None = None
    approved: bool | None = None
    page_rows: Annotated[int, Field(ge=1, le=10_000)] | None = None
    change_delay: Annotated[float, Field(ge=0, le=180)] | None = None
    processing: Annotated[float, Field(ge=0)] | None = None


def router(google: GoogleState) -> APIRouter:
    routes = APIRouter(prefix="/control/google", tags=["google"])

    @routes.get("")
    async def read() -> dict[str, Any]:
        return {
            "access_token": google.tokens.standing,
            "refresh_token": google.tokens.refresh_token,
            "client_id": constants.CLIENT_ID,
            "client_secret": google.tokens.client_secret,
            "accounts": list(google.world.of(constants.PLATFORM)),
            "manager": constants.MANAGER,
            "conversion_actions": {
                constants.US_ACCOUNT: constants.US_PURCHASE,
                constants.JP_ACCOUNT: constants.JP_PURCHASE,
            },
            **_project(google),
        }

    @routes.post("/edit")
    async def edit(wanted: Edit) -> dict[str, Any]:
        return _edited(google, wanted)

    @routes.post("/tokens")
    async def change_token(wanted: TokenChange) -> dict[str, Any]:
        """The pre-issued token, unless another is named."""
        token = wanted.token or google.tokens.standing
        tokens = google.tokens
        act = {"revoke": tokens.revoke, "expire": tokens.expire, "restore": tokens.restore}
        if not act[wanted.action](token):
            raise Refused("There is no such token.", 404)
        return {"action": wanted.action}

    @routes.post("/quota")
    async def change_project(wanted: Project) -> dict[str, Any]:
        """What the Cloud project may do in a day, and how many rows a page holds."""
        return _set(google, wanted)

    @routes.get("/events")
    async def events(
        conversion_action: str = constants.US_PURCHASE, since: float = 0.0, limit: int = 100
    ) -> dict[str, Any]:
        """What the Data Manager API took, newest first (at most 5,000 are looked at)."""
        rows = datamanager.received(google, conversion_action, since)
        unique = sum(1 for row in rows if not row["verdict"])
        return {"received": len(rows), "unique": unique, "events": rows[:limit]}

    routes.include_router(list_control.router(google))
    routes.include_router(
        reviews.router(
            lambda wanted: review.judge(google, wanted), lambda wanted: review.stand(google, wanted)
        )
    )
    return routes


def _edited(google: GoogleState, wanted: Edit) -> dict[str, Any]:
    entity = google.book.find(wanted.resource_name)
    if entity is None or entity.kind not in mutate.SERVICES.values():
        raise Refused("There is no such object.", 404)
    update = {"resourceName": entity.name, **wanted.changes}
    body = {"operations": [{"update": update, "updateMask": ",".join(wanted.changes)}]}
    version = f"v{constants.NEWEST_VERSION}"
    person = Actor.person(wanted.actor)
    asked = mutate.Asked(entity.customer, COLLECTIONS[entity.kind], body, person, Wire(version, request_id()))
    try:
        mutate.answer(google, asked, lambda _: frozenset())
    except AdsError as error:
        raise Refused("Google refuses this edit.", google=error.body(version, asked.wire.request)) from error
    return {"resource_name": entity.name, **{camel(n): v for n, v in entity.data.items()}}


def _set(google: GoogleState, wanted: Project) -> dict[str, Any]:
    if wanted.operations_per_day is not None:
        google.quota.set(wanted.operations_per_day)
    if wanted.approved is not None:
        google.settings.approved = wanted.approved
    if wanted.page_rows is not None:
        google.settings.page_rows = wanted.page_rows
    if wanted.change_delay is not None:
        google.settings.change_delay = wanted.change_delay
    if wanted.processing is not None:
        google.settings.processing = wanted.processing
    return _project(google)


def _project(google: GoogleState) -> dict[str, Any]:
    return {
        "operations_per_day": google.quota.per_day,
        "operations_used": google.quota.used,
        "approved": google.settings.approved,
        "page_rows": google.settings.page_rows,
        "change_delay": google.settings.change_delay,
        "processing": google.settings.processing,
    }
