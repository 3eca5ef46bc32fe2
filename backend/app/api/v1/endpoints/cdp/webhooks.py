"""Webhooks: other systems are told of people and segments as they change."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from app.api.deps import CursorParams, PageParams, ScopeDep, ScopesDep, Search
from app.api.ids import WebhookDeliveryId, WebhookId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.db.session import Scopes
from app.schemas.cdp.webhooks import (
    SecretRotate,
    WebhookCreate,
    WebhookDeliveryRead,
    WebhookPatch,
    WebhookRead,
    WebhookSort,
    WebhookState,
    WebhookWithSecret,
)
from app.schemas.pages import CursorPage, Page
from app.services.cdp.webhooks.service import WebhookDesk, WebhookService, WebhookView, Wish

router = APIRouter(prefix="/cdp/webhooks", tags=["cdp"])


async def webhook_service(scope: ScopeDep) -> WebhookService:
    return WebhookService(scope)


async def webhook_desk(scopes: ScopesDep) -> WebhookDesk:
    return WebhookDesk(scopes)


Webhooks = Annotated[WebhookService, Depends(webhook_service)]
Desk = Annotated[WebhookDesk, Depends(webhook_desk)]
Reader = Annotated[Principal, requires("cdp.webhooks:read")]
Writer = Annotated[Principal, requires("cdp.webhooks:write")]


class WebhookFilter(PageParams):
    sort: WebhookSort = Field("name", description="A leading minus turns the order round.")
    q: Search = None


class DeliveryFilter(CursorParams):
    failed: bool | None = Field(None, description="Only tries that failed, or only those that did not.")


_ELSEWHERE = {"state", "waiting", "waiting_is_more", "waiting_since", "secret_overlaps_until"}


def _read(view: WebhookView) -> WebhookRead:
    row, waiting = view.row, view.waiting
    state: WebhookState = "on" if row.failing_since is None else "failing"
    return WebhookRead(
        **{name: getattr(row, name) for name in set(WebhookRead.model_fields) - _ELSEWHERE},
        state=state if row.enabled else "off",
        waiting=waiting.count,
        waiting_is_more=waiting.is_more,
        waiting_since=waiting.since,
        secret_overlaps_until=view.overlaps_until,
    )


async def _shown(scopes: Scopes, webhook_id: WebhookId) -> WebhookRead:
    async with scopes() as scope:
        return _read(await WebhookService(scope).one(webhook_id))


@router.get("")
async def list_webhooks(
    asked: Annotated[WebhookFilter, Query()], webhooks: Webhooks, _: Reader
) -> Page[WebhookRead]:
    """Each with its state and how far it is behind."""
    found = await webhooks.page(page=asked.page, limit=asked.limit, sort=asked.sort, search=asked.q)
    return Page[WebhookRead].of(found, [_read(each) for each in found.items])


@router.post("", status_code=201)
async def create_webhook(
    body: WebhookCreate, desk: Desk, scopes: ScopesDep, writer: Writer, response: Response
) -> WebhookWithSecret:
    """It is told what happens from now on. The secret is shown this once."""
    wish = Wish(frozenset(WebhookCreate.model_fields), **body.model_dump())
    webhook_id, secret = await desk.create(writer, wish)
    response.headers["Cache-Control"] = "no-store"
    return WebhookWithSecret(**(await _shown(scopes, webhook_id)).model_dump(), secret=secret)


@router.get("/{webhook_id}")
async def get_webhook(webhook_id: WebhookId, webhooks: Webhooks, _: Reader) -> WebhookRead:
    """One webhook."""
    return _read(await webhooks.one(webhook_id))


@router.patch("/{webhook_id}")
async def change_webhook(
    webhook_id: WebhookId, body: WebhookPatch, desk: Desk, scopes: ScopesDep, writer: Writer
) -> WebhookRead:
    """Change what is given; switch it off, or on again to go on where it stopped or to skip ahead."""
    given = body.model_dump(exclude_unset=True)
    values = {name: value for name, value in given.items() if value is not None or name == "purpose"}
    await desk.change(writer, webhook_id, Wish(frozenset(values), **values))
    return await _shown(scopes, webhook_id)


@router.delete("/{webhook_id}", status_code=204)
async def delete_webhook(webhook_id: WebhookId, webhooks: Webhooks, _: Writer) -> None:
    """With its log. What it was not told yet it is never told."""
    await webhooks.delete(webhook_id)


@router.post("/{webhook_id}/rotate-secret")
async def rotate_webhook_secret(
    webhook_id: WebhookId, body: SecretRotate, webhooks: Webhooks, _: Writer, response: Response
) -> WebhookWithSecret:
    """A new secret, shown this once; messages bear both signatures until the overlap has passed."""
    view, secret = await webhooks.rotate_secret(webhook_id, timedelta(hours=body.overlap_hours))
    response.headers["Cache-Control"] = "no-store"
    return WebhookWithSecret(**_read(view).model_dump(), secret=secret)


@router.post("/{webhook_id}/test")
async def send_test(webhook_id: WebhookId, desk: Desk, _: Writer) -> WebhookDeliveryRead:
    """Send a `webhook.test` item now, and say what the receiver answered; also while it is off."""
    return WebhookDeliveryRead.model_validate(await desk.test(webhook_id))


@router.get("/{webhook_id}/deliveries")
async def list_webhook_deliveries(
    webhook_id: WebhookId, query: Annotated[DeliveryFilter, Query()], webhooks: Webhooks, _: Reader
) -> CursorPage[WebhookDeliveryRead]:
    """Every try of the last 30 days, the last first; at most the last 5,000."""
    found, cursor = await webhooks.deliveries(
        webhook_id, failed=query.failed, cursor=query.cursor, limit=query.limit
    )
    items = [WebhookDeliveryRead.model_validate(each) for each in found]
    return CursorPage(items=items, next_cursor=cursor, limit=query.limit)


@router.post("/{webhook_id}/deliveries/{webhook_delivery_id}/replay")
async def replay_webhook_delivery(
    webhook_id: WebhookId, webhook_delivery_id: WebhookDeliveryId, desk: Desk, writer: Writer
) -> WebhookDeliveryRead:
    """Send what a try told once more, under the same ids, with the people as they are now."""
    return WebhookDeliveryRead.model_validate(await desk.replay(writer, webhook_id, webhook_delivery_id))
