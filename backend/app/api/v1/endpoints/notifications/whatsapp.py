"""WhatsApp: the company's number, its templates and webhook, and one's own number."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request, status
from fastapi.responses import PlainTextResponse, Response

from app.api.deps import DoorsDep, ScopeDep, ScopesDep, SettingsDep
from app.auth.deps import requires
from app.auth.principals import Principal
from app.core.config import Settings
from app.db.session import Scopes
from app.schemas.notifications.whatsapp import (
    OwnWhatsAppAsked,
    OwnWhatsAppPatch,
    OwnWhatsAppPut,
    OwnWhatsAppRead,
    WhatsAppChannelRead,
    WhatsAppConnect,
    WhatsAppConnected,
    WhatsAppPatch,
    WhatsAppRead,
    WhatsAppTemplateRead,
    WhatsAppTold,
)
from app.schemas.text import NO_NUL, Word
from app.services.notifications.cloud_api.ports import Credentials
from app.services.notifications.whatsapp.errors import HookTooLarge, WhatsAppNotConnected
from app.services.notifications.whatsapp.own import OwnNumberService
from app.services.notifications.whatsapp.receiving import WhatsAppWebhook
from app.services.notifications.whatsapp.service import WhatsAppChannel, WhatsAppDesk, WhatsAppState

router = APIRouter(prefix="/notifications/whatsapp", tags=["notifications"])

Reader = Annotated[Principal, requires("notifications.whatsapp:read")]
Writer = Annotated[Principal, requires("notifications.whatsapp:write")]
Person = Annotated[Principal, requires("notifications.preferences:read")]
Changer = Annotated[Principal, requires("notifications.preferences:write")]
_MOST_BYTES = 3 * 1_024 * 1_024
_CHALLENGE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The challenge", "content": {"text/plain": {"schema": {"type": "string"}}}}
}


async def channel_of(scope: ScopeDep, settings: SettingsDep) -> WhatsAppChannel:
    return WhatsAppChannel(scope, settings)


async def desk_of(scopes: ScopesDep, settings: SettingsDep) -> WhatsAppDesk:
    return WhatsAppDesk(scopes, settings)


async def own_number(scope: ScopeDep, principal: Person) -> OwnNumberService:
    return OwnNumberService(scope, principal.user_id)


async def webhook_of(
    doors: DoorsDep,
    hook: Annotated[
        str, Path(max_length=60, pattern=r"^wah_[0-9]{1,10}_[0-9a-f]{32}$", description="Names the company.")
    ],
) -> WhatsAppWebhook:
    return WhatsAppWebhook(doors, hook)


Channel = Annotated[WhatsAppChannel, Depends(channel_of)]
Desk = Annotated[WhatsAppDesk, Depends(desk_of)]
Own = Annotated[OwnNumberService, Depends(own_number)]
Hook = Annotated[WhatsAppWebhook, Depends(webhook_of)]


@router.get("")
async def get_whatsapp(channel: Channel, _: Reader) -> WhatsAppChannelRead:
    """The number that is connected, and how its templates stand."""
    found = await channel.state()
    return WhatsAppChannelRead(whatsapp=None if found is None else _read(found))


@router.put("")
async def connect_whatsapp(
    body: WhatsAppConnect, desk: Desk, scopes: ScopesDep, settings: SettingsDep, _: Writer
) -> WhatsAppConnected:
    """Connect a number of the Cloud API; Meta is asked whether all four belong together.

    Then set up the webhook in Meta's app dashboard, and hand the templates in.
    """
    own = Credentials(body.phone_number_id, body.waba_id, body.token, body.app_secret)
    token = await desk.connect(own)
    return WhatsAppConnected(whatsapp=await _now(scopes, settings), verify_token=token)


@router.patch("")
async def change_whatsapp(body: WhatsAppPatch, channel: Channel, _: Writer) -> WhatsAppChannelRead:
    """Switch it off or on."""
    await channel.switch(enabled=body.enabled)
    return await get_whatsapp(channel, _)


@router.delete("", status_code=status.HTTP_204_NO_CONTENT)
async def disconnect_whatsapp(channel: Channel, _: Writer) -> None:
    """Forget token and secret; who agreed to be written to stays known."""
    await channel.disconnect()


@router.post("/verify-token")
async def change_whatsapp_verify_token(channel: Channel, _: Writer) -> WhatsAppConnected:
    """Another verify token, for a webhook that is set up again; the one before counts no more."""
    token = await channel.new_verify_token()
    found = await channel.state()
    if found is None:
        raise WhatsAppNotConnected
    return WhatsAppConnected(whatsapp=_read(found), verify_token=token)


@router.post("/templates")
async def hand_in_whatsapp_templates(
    desk: Desk, scopes: ScopesDep, settings: SettingsDep, _: Writer
) -> WhatsAppChannelRead:
    """Hand in to Meta whichever template the account does not have."""
    await desk.hand_in()
    return WhatsAppChannelRead(whatsapp=await _now(scopes, settings))


@router.post("/templates/refresh")
async def refresh_whatsapp_templates(
    desk: Desk, scopes: ScopesDep, settings: SettingsDep, _: Writer
) -> WhatsAppChannelRead:
    """Ask Meta how it judges the templates now."""
    await desk.look()
    return WhatsAppChannelRead(whatsapp=await _now(scopes, settings))


@router.get("/own")
async def get_own_whatsapp(own: Own) -> OwnWhatsAppRead:
    """Your own number, and whether you are written to there."""
    return OwnWhatsAppRead.model_validate(await own.get())


@router.put("/own")
async def give_own_whatsapp(body: OwnWhatsAppPut, own: Own, _: Changer) -> OwnWhatsAppAsked:
    """Give your number. Nothing is sent to it: send the code from it, and by that you agree."""
    asked = await own.ask(body.number)
    return OwnWhatsAppAsked(
        own=OwnWhatsAppRead.model_validate(await own.get()), code=asked.code, link=asked.link
    )


@router.patch("/own")
async def change_own_whatsapp(body: OwnWhatsAppPatch, own: Own, _: Changer) -> OwnWhatsAppRead:
    """Whether mail brings what WhatsApp cannot."""
    await own.set_falls_back(falls_back=body.falls_back)
    return OwnWhatsAppRead.model_validate(await own.get())


@router.delete("/own")
async def stop_own_whatsapp(own: Own, _: Changer) -> OwnWhatsAppRead:
    """Be written to no more, as by replying STOP; the receipts are kept."""
    await own.stop()
    return OwnWhatsAppRead.model_validate(await own.get())


@router.get("/webhook/{hook}", response_class=Response, responses=_CHALLENGE)
async def verify_whatsapp_webhook(
    hook: Hook,
    token: Annotated[Word, Query(alias="hub.verify_token", description="The verify token shown here.")],
    challenge: Annotated[Word, Query(alias="hub.challenge", description="What is answered.")],
) -> PlainTextResponse:
    """Meta's question when the webhook is set up in its app's dashboard."""
    return PlainTextResponse(await hook.verified(token, challenge))


@router.post("/webhook/{hook}")
async def take_whatsapp_webhook(
    request: Request,
    hook: Hook,
    signature: Annotated[
        str | None,
        Header(
            alias="X-Hub-Signature-256",
            max_length=200,
            pattern=NO_NUL,
            description="`sha256=` and the HMAC of the body.",
        ),
    ] = None,
) -> WhatsAppTold:
    """What people wrote, what became of messages, how templates were judged; once each."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise HookTooLarge
    await hook.take(signature, bytes(body))
    return WhatsAppTold(received=True)


async def _now(scopes: Scopes, settings: Settings) -> WhatsAppRead:
    async with scopes() as scope:
        found = await WhatsAppChannel(scope, settings).state()
    if found is None:
        raise WhatsAppNotConnected
    return _read(found)


def _read(found: WhatsAppState) -> WhatsAppRead:
    own = {name: getattr(found, name) for name in set(WhatsAppRead.model_fields) - {"templates"}}
    templates = [
        WhatsAppTemplateRead(
            name=each.name,
            status=each.status,
            category=each.category,
            reason=each.reason,
            is_usable=each.is_usable,
            mend=each.mend,
        )
        for each in found.templates
    ]
    return WhatsAppRead(**own, templates=templates)
