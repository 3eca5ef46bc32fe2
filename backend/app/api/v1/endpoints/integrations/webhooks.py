"""What platforms tell by themselves. Nobody is signed in: a signature over the raw bytes proves who sends."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import PlainTextResponse, Response

from app.api.deps import DoorsDep, SettingsDep
from app.schemas.integrations.webhooks import WebhookTaken
from app.schemas.text import NO_NUL, Word
from app.services.integrations.webhooks.crm_receiving import HubSpotWebhook
from app.services.integrations.webhooks.errors import DeliveryTooLarge
from app.services.integrations.webhooks.receiving import MetaWebhook
from app.services.integrations.webhooks.shop_receiving import ShopifyWebhook

router = APIRouter(prefix="/integrations/webhooks", tags=["integrations"])

_MOST_BYTES = 256 * 1_024
_CHALLENGE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The challenge", "content": {"text/plain": {"schema": {"type": "string"}}}}
}


async def meta_webhook(doors: DoorsDep, settings: SettingsDep) -> MetaWebhook:
    return MetaWebhook(doors, settings)


async def shopify_webhook(doors: DoorsDep, settings: SettingsDep) -> ShopifyWebhook:
    return ShopifyWebhook(doors, settings)


async def hubspot_webhook(doors: DoorsDep, settings: SettingsDep) -> HubSpotWebhook:
    return HubSpotWebhook(doors, settings)


HubSpot = Annotated[HubSpotWebhook, Depends(hubspot_webhook)]
Meta = Annotated[MetaWebhook, Depends(meta_webhook)]
Shopify = Annotated[ShopifyWebhook, Depends(shopify_webhook)]


async def _whole(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise DeliveryTooLarge
    return bytes(body)


@router.get("/meta", response_class=Response, responses=_CHALLENGE)
async def verify_meta_webhook(
    meta: Meta,
    token: Annotated[Word, Query(alias="hub.verify_token", description="Our META_WEBHOOK_VERIFY_TOKEN.")],
    challenge: Annotated[Word, Query(alias="hub.challenge", description="What is answered.")],
) -> PlainTextResponse:
    """Meta's question when the webhook is set up in its app's dashboard."""
    return PlainTextResponse(meta.verified(token, challenge))


@router.post("/meta")
async def take_meta_webhook(
    request: Request,
    meta: Meta,
    signature: Annotated[
        str | None,
        Header(
            alias="X-Hub-Signature-256",
            max_length=200,
            pattern=NO_NUL,
            description="`sha256=` and the HMAC of the body.",
        ),
    ] = None,
) -> WebhookTaken:
    """Something changed in an ad account: whoever reads it here reads it again, once for each message."""
    await meta.take(signature, await _whole(request))
    return WebhookTaken(received=True)


@router.post("/shopify")
async def take_shopify_webhook(
    *,
    request: Request,
    shopify: Shopify,
    topic: Annotated[
        Word, Header(alias="X-Shopify-Topic", description="What it is about: `orders/updated`.")
    ],
    domain: Annotated[Word, Header(alias="X-Shopify-Shop-Domain", description="The shop's own address.")],
    webhook_id: Annotated[
        Word, Header(alias="X-Shopify-Webhook-Id", description="The same for each time it is sent.")
    ],
    triggered_at: Annotated[
        Word, Header(alias="X-Shopify-Triggered-At", description="When it happened, in ISO 8601.")
    ],
    signature: Annotated[
        str | None,
        Header(
            alias="X-Shopify-Hmac-Sha256",
            max_length=200,
            pattern=NO_NUL,
            description="The HMAC of the body, in base64.",
        ),
    ] = None,
) -> WebhookTaken:
    """Something happened in a shop: whoever has it connected here reads it, or is asked about a person, once."""
    await shopify.take(
        await _whole(request),
        signature=signature,
        topic=topic,
        domain=domain,
        webhook_id=webhook_id,
        triggered_at=triggered_at,
    )
    return WebhookTaken(received=True)


@router.post("/hubspot")
async def take_hubspot_webhook(
    request: Request,
    hubspot: HubSpot,
    signature: Annotated[
        str | None,
        Header(
            alias="X-HubSpot-Signature-v3",
            max_length=200,
            pattern=NO_NUL,
            description="The HMAC of the method, the registered address, the body and the time, in base64.",
        ),
    ] = None,
    timestamp: Annotated[
        str | None,
        Header(
            alias="X-HubSpot-Request-Timestamp",
            max_length=20,
            pattern=NO_NUL,
            description="When it was sent, in milliseconds since 1970: five minutes ago at most.",
        ),
    ] = None,
) -> WebhookTaken:
    """Something happened to contacts or deals: whoever has the account connected here looks at them, once."""
    await hubspot.take(await _whole(request), signature=signature, timestamp=timestamp)
    return WebhookTaken(received=True)
