"""`/control/hubspot`: what a person does in the CRM, the tokens, the limits, and a list of any length."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from sandbox.control.refusals import Refused
from sandbox.vendors.hubspot import constants as ids
from sandbox.vendors.hubspot import schema
from sandbox.vendors.hubspot.errors import HubError
from sandbox.vendors.hubspot.hooks import Manner
from sandbox.vendors.hubspot.records import Change, Record
from sandbox.vendors.hubspot.state import HubState


class Edit(BaseModel):
    """Properties by their names; empty text takes a value away."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["contacts", "deals"] = "contacts"
    object_id: Annotated[int, Field(ge=1)]
    changes: Annotated[dict[str, Any], Field(min_length=1)]


class NewDeal(BaseModel):
    """A deal of a contact, as somebody writes it down."""

    model_config = ConfigDict(extra="forbid")

    contact_id: Annotated[int, Field(ge=1)]
    amount: str = "1200.00"
    currency: str | None = None
    stage: str = ids.STAGES[0]


class TokenChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    action: Literal["revoke", "expire", "expire_all", "restore"]
    token: str | None = None


class Quota(BaseModel):
    """None widens again."""

    model_config = ConfigDict(extra="forbid")

    per_ten_seconds: Annotated[int, Field(ge=1)] | None = None
    searches_per_second: Annotated[int, Field(ge=1)] | None = None


class Removal(BaseModel):
    """`privacy` deletes a contact for good; `restore` takes one out of the archive again."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["contacts", "deals"] = "contacts"
    object_id: Annotated[int, Field(ge=1)]
    privacy: bool = False
    restore: bool = False


class Webhooks(BaseModel):
    """Where the app is told, signed as for `signed_as`. Held, what happens waits until it is released."""

    model_config = ConfigDict(extra="forbid")

    url: str | None = None
    signed_as: str | None = None
    hold: bool = False
    retry_seconds: Annotated[float, Field(gt=0)] = 60.0


class Release(BaseModel):
    """What waits, so often, the last first if asked; dropped, it is as if HubSpot had given up."""

    model_config = ConfigDict(extra="forbid")

    times: Annotated[int, Field(ge=1, le=20)] = 1
    reverse: bool = False
    drop: bool = False


class Forgery(BaseModel):
    """Notifications that somebody makes up, under any secret and of any age."""

    model_config = ConfigDict(extra="forbid")

    events: list[dict[str, Any]]
    secret: str | None = None
    age_seconds: float = 0.0


class PropertyChange(BaseModel):
    """Properties of contacts that somebody archives or locks; the lists are whole. `terse`: refusals name nothing."""

    model_config = ConfigDict(extra="forbid")

    archived: list[str] = []
    locked: list[str] = []
    terse: bool = False


class ImportedContacts(BaseModel):
    model_config = ConfigDict(extra="forbid")

    contacts: Annotated[int, Field(ge=1, le=50_000)]


def router(hub: HubState) -> APIRouter:
    routes = APIRouter(prefix="/control/hubspot", tags=["hubspot"])
    _about_webhooks(routes, hub)
    _about_records(routes, hub)
    _about_removals(routes, hub)
    _about_calls(routes, hub)
    return routes


def _found(hub: HubState, kind: str, number: int) -> Record:
    hub.now()
    record = hub.records.find(kind, number)
    if record is None:
        raise Refused("There is no such object.", 404)
    return record


def _about_webhooks(routes: APIRouter, hub: HubState) -> None:
    hooks = hub.hooks

    def shown() -> dict[str, Any]:
        waiting = [each.body() for each in hooks.waiting]
        return {"url": hooks.manner.url, "waiting": waiting, "answers": hooks.answers}

    @routes.get("/webhooks")
    async def webhooks() -> dict[str, Any]:
        return shown()

    @routes.put("/webhooks")
    async def set_webhooks(wanted: Webhooks) -> dict[str, Any]:
        """What waited so far, and the answers that came, are forgotten."""
        hub.now()
        hooks.manner, hooks.waiting, hooks.answers = Manner(**wanted.model_dump()), [], []
        return shown()

    @routes.post("/webhooks/release")
    def release(wanted: Release) -> dict[str, list[int]]:
        return {"statuses": hooks.release(**wanted.model_dump())}

    @routes.post("/webhooks/forge")
    def forge(wanted: Forgery) -> dict[str, int]:
        sent = hooks.post(wanted.events, secret=wanted.secret, age_seconds=wanted.age_seconds)
        return {"status": sent}


def _about_records(routes: APIRouter, hub: HubState) -> None:
    @routes.get("")
    async def read() -> dict[str, Any]:
        hub.now()
        deals = hub.records.live(ids.DEALS)
        return {
            "access_token": hub.tokens.standing,
            "client_id": ids.CLIENT_ID,
            "client_secret": hub.tokens.client_secret,
            "portal": ids.PORTAL,
            "currency": hub.currency,
            "contacts": len(hub.records.live(ids.CONTACTS)),
            "deals": {
                stage: sum(d.values["dealstage"] == stage for d in deals)
                for stage in (*ids.STAGES, ids.WON, ids.LOST)
            },
            "limits": hub.limits.most,
        }

    @routes.get("/{kind}/{object_id}")
    async def show(kind: Literal["contacts", "deals"], object_id: int) -> dict[str, Any]:
        record = _found(hub, kind, object_id)
        return record.body(schema.PROPERTIES[kind]) | {"associated": sorted(record.linked)}

    @routes.post("/edit")
    async def edit(wanted: Edit) -> dict[str, Any]:
        record = _found(hub, wanted.kind, wanted.object_id)
        try:
            changed = hub.set(record, hub.checked(wanted.kind, wanted.changes))
        except HubError as error:
            raise Refused("HubSpot refuses this edit.", hubspot=error.message) from error
        return changed.body(schema.PROPERTIES[wanted.kind])

    @routes.post("/deals", status_code=201)
    async def new_deal(wanted: NewDeal) -> dict[str, Any]:
        contact = _found(hub, ids.CONTACTS, wanted.contact_id)
        values = {
            "dealname": "Written down by hand",
            "pipeline": ids.PIPELINE,
            "dealstage": wanted.stage,
            "amount": wanted.amount,
        }
        if wanted.currency is not None:
            values["deal_currency_code"] = wanted.currency
        try:
            record = hub.create(ids.DEALS, hub.checked(ids.DEALS, values), (contact.id,))
        except HubError as error:
            raise Refused("HubSpot refuses this deal.", hubspot=error.message) from error
        return record.body(schema.PROPERTIES[ids.DEALS])

    @routes.post("/archive")
    async def archive(wanted: ImportedContacts) -> dict[str, int]:
        """So many more contacts, all modified in one moment, as an import does it."""
        return {"archived": hub.archive(wanted.contacts)}


def _about_removals(routes: APIRouter, hub: HubState) -> None:
    @routes.post("/remove")
    async def remove(wanted: Removal) -> dict[str, int]:
        if not wanted.restore:
            _found(hub, wanted.kind, wanted.object_id)
        change = Change(
            hub.now(),
            wanted.kind,
            wanted.object_id,
            archived=not wanted.restore,
            erased=wanted.privacy and not wanted.restore,
            restored=wanted.restore,
        )
        hub.records.write(change)
        return {"id": wanted.object_id}


def _about_calls(routes: APIRouter, hub: HubState) -> None:
    @routes.post("/properties")
    async def change_properties(wanted: PropertyChange) -> dict[str, Any]:
        hub.made = schema.Definitions(frozenset(wanted.archived), frozenset(wanted.locked), wanted.terse)
        return wanted.model_dump()

    @routes.post("/tokens")
    async def change_token(wanted: TokenChange) -> dict[str, str]:
        """The standing token, unless another, or a refresh token, is named; `expire_all` ends every sign-in's."""
        tokens = hub.tokens
        if wanted.action == "expire_all":
            tokens.expire_all()
            return {"action": wanted.action}
        act = {"revoke": tokens.end, "expire": tokens.expire, "restore": tokens.restore}[wanted.action]
        if not act(wanted.token or tokens.standing):
            raise Refused("There is no such token.", 404)
        return {"action": wanted.action}

    @routes.get("/calls")
    async def calls() -> dict[str, int]:
        """By path, since this was asked last."""
        found = dict(hub.calls)
        hub.calls.clear()
        return found

    @routes.post("/quota")
    async def change_quota(wanted: Quota) -> dict[str, int]:
        hub.limits.narrow(wanted.per_ten_seconds, wanted.searches_per_second)
        return hub.limits.most
