"""CRMs: connected by signing in there; what of a contact is told, and how the synchronisation goes."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Cookie, Depends, Path, Query
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field
from starlette.responses import Response

from app.api.deps import CursorQuery, PageParams, ScopeDep, ScopesDep, SettingsDep, get_doors
from app.api.ids import CrmAccountId
from app.api.sign_in_elsewhere import SignInElsewhere
from app.auth.deps import requires
from app.auth.principals import Principal
from app.auth.streams import listener_of
from app.core.errors import StratumError
from app.db.session import Doors
from app.schemas.integrations.crm import (
    CrmAccountRead,
    CrmAuthorizeAsk,
    CrmAuthorizeRead,
    CrmCreationAsk,
    CrmCreationPreviewRead,
    CrmDealField,
    CrmDepartureRead,
    CrmDeparturesRead,
    CrmFaultRead,
    CrmFaultsRead,
    CrmField,
    CrmKind,
    CrmPatch,
    CrmPropertiesRead,
    CrmPropertyRead,
    CrmProviderName,
    CrmProviderRead,
    CrmPushRead,
    CrmRefusedRead,
    CrmSort,
    CrmSyncAsked,
    CrmSyncRead,
)
from app.schemas.pages import CursorPage, Page
from app.services.integrations.crm.service import (
    CrmConnecting,
    CrmDesk,
    CrmProvider,
    CrmService,
    CrmView,
    finish_crm_sign_in,
)

router = APIRouter(prefix="/integrations/crm", tags=["integrations"])

_SIGN_IN = SignInElsewhere("stratum_connect_crm", "/integrations/crm")
_VISIBLE = r"^[\x20-\x7e]*$"
_OF_ACCOUNT = (
    *("id", "provider", "external_id", "name", "currency", "enabled", "won_event", "last_synced_at"),
    *("create_segment_id", "create_as", "create_per_day"),
    *("next_sync_at", "error_code", "error", "created_at", "clear_on_erasure", "next_write_at"),
)
ProviderPart = Annotated[CrmProviderName, Path(description="The CRM.")]


async def crm_service(scope: ScopeDep) -> CrmService:
    return CrmService(scope)


async def crm_connecting(scopes: ScopesDep) -> CrmConnecting:
    return CrmConnecting(scopes)


async def crm_desk(scopes: ScopesDep) -> CrmDesk:
    return CrmDesk(scopes)


Crms = Annotated[CrmService, Depends(crm_service)]
Connecting = Annotated[CrmConnecting, Depends(crm_connecting)]
Desk = Annotated[CrmDesk, Depends(crm_desk)]
Reader = Annotated[Principal, requires("integrations.crm:read")]
Writer = Annotated[Principal, requires("integrations.crm:write")]


class CrmFilter(PageParams):
    sort: CrmSort = Field("name", description="A leading minus turns the order round.")


def _kinds(asked: CrmAuthorizeAsk | None) -> Sequence[CrmKind]:
    """What is to be written."""
    if asked is None or not (asked.writes or asked.writes_deals):
        return ()
    return ("contacts", "deals") if asked.writes_deals else ("contacts",)


def _refused(found: Mapping[str, Mapping[str, str]]) -> list[CrmRefusedRead]:
    return [CrmRefusedRead(property=name, **why) for name, why in sorted(found.items())]


def _read(view: CrmView) -> CrmAccountRead:
    row, hook = view.account, view.webhook
    return CrmAccountRead(
        **{name: getattr(row, name) for name in _OF_ACCOUNT},
        status=view.connection.status,
        mapping=[CrmField.model_validate(each) for each in row.mapping],
        deal_mapping=[CrmDealField.model_validate(each) for each in row.deal_mapping],
        refused=_refused(row.refused),
        deal_refused=_refused(row.deal_refused),
        is_reading=bool(row.reading),
        is_writable=view.is_writable,
        can_write=view.can_write,
        can_write_deals=view.can_write_deals,
        creates_as=list(view.creates_as),
        **asdict(view.counts),
        deals_misreported=view.misreported,
        webhook_at=hook.last_at if hook else None,
        webhook_notices=hook.taken if hook else 0,
        webhooks_refused=hook.refused if hook else 0,
        webhook_refused_at=hook.refused_at if hook else None,
        webhook_refused_why=hook.refused_why if hook else None,
    )


@router.get("")
async def list_crm_accounts(
    asked: Annotated[CrmFilter, Query()], crms: Crms, _: Reader
) -> Page[CrmAccountRead]:
    """The CRMs' accounts that were ever connected."""
    found, views = await crms.page(page=asked.page, limit=asked.limit, sort=asked.sort)
    return Page[CrmAccountRead].of(found, [_read(each) for each in views])


@router.get("/providers")
async def list_crm_providers(crms: Crms, _: Reader) -> list[CrmProviderRead]:
    """The CRMs that can be connected here."""
    return [CrmProviderRead.model_validate(each) for each in crms.providers()]


@router.post("/{provider}/authorize")
async def authorize_crm(
    *,
    provider: ProviderPart,
    response: Response,
    connecting: Connecting,
    settings: SettingsDep,
    principal: Writer,
    body: CrmAuthorizeAsk | None = None,
) -> CrmAuthorizeRead:
    """Where to send the browser to sign in. The cookie ties the sign-in to this browser."""
    started = await connecting.start(
        CrmProvider(provider),
        listener_of(principal),
        redirect_uri=_SIGN_IN.redirect_uri(settings, provider),
        writes=_kinds(body),
    )
    _SIGN_IN.remember(response, settings, started.browser_secret)
    return CrmAuthorizeRead(authorize_url=started.authorize_url, state=started.state)


class CrmCallbackQuery(BaseModel):
    """What the CRM adds; other parameters, such as why a person declined, are not read."""

    state: str = Field(max_length=1024, description="What the sign-in began with; sealed.")
    code: str | None = Field(
        None, max_length=4096, pattern=_VISIBLE, description="What the CRM gave, to be redeemed for a token."
    )


@router.get("/{provider}/callback", status_code=303, response_class=RedirectResponse)
async def crm_callback(
    provider: ProviderPart,
    doors: Annotated[Doors, Depends(get_doors)],
    settings: SettingsDep,
    answered: Annotated[CrmCallbackQuery, Query()],
    stratum_connect_crm: Annotated[
        str | None, Cookie(description="Ties the sign-in to the browser that began it.")
    ] = None,
) -> RedirectResponse:
    """The CRM sends the browser here; it goes on to /connect, which shows what came of it."""
    outcome = {"platform": provider, "status": "cancelled"}
    if answered.code is not None:
        try:
            await finish_crm_sign_in(
                doors,
                answered.state,
                provider=provider,
                code=answered.code,
                browser_secret=stratum_connect_crm,
                redirect_uri=_SIGN_IN.redirect_uri(settings, provider),
            )
            outcome["status"] = "connected"
        except StratumError as error:
            outcome |= {"status": "failed", "code": error.code}
    return _SIGN_IN.ended(settings, outcome)


@router.get("/{crm_id}")
async def get_crm_account(crm_id: CrmAccountId, crms: Crms, _: Reader) -> CrmAccountRead:
    """One account, with how much of it is here."""
    return _read(await crms.get(crm_id))


@router.patch("/{crm_id}")
async def change_crm_account(
    crm_id: CrmAccountId, body: CrmPatch, desk: Desk, scopes: ScopesDep, _: Writer
) -> CrmAccountRead:
    """Change what is told; what is left out stays as it is. A mapping is checked at the CRM first."""
    wanted = body.model_dump(exclude_unset=True)
    if wanted.get("mapping") is not None:
        await desk.check_mapping(crm_id, wanted["mapping"])
    if wanted.get("deal_mapping") is not None:
        await desk.check_deal_mapping(crm_id, wanted["deal_mapping"])
    async with scopes() as scope:  # none is open while the CRM is asked
        return _read(await CrmService(scope).change(crm_id, wanted))


class CrmPropertiesQuery(BaseModel):
    kind: CrmKind = Field("contacts", description="Of contacts, or of deals.")


@router.get("/{crm_id}/properties")
async def list_crm_properties(
    crm_id: CrmAccountId, desk: Desk, asked: Annotated[CrmPropertiesQuery, Query()], _: Reader
) -> CrmPropertiesRead:
    """What of a contact could be told, or what of a deal there is: asked of the CRM now."""
    found = await desk.properties(crm_id, asked.kind)
    return CrmPropertiesRead(items=[CrmPropertyRead.model_validate(each) for each in found])


@router.post("/{crm_id}/creation-preview")
async def preview_crm_creation(
    crm_id: CrmAccountId, body: CrmCreationAsk, desk: Desk, _: Writer
) -> CrmCreationPreviewRead:
    """How many of a segment's people would be created there; nobody is."""
    return CrmCreationPreviewRead.model_validate(await desk.preview_creation(crm_id, body.segment_id))


@router.post("/{crm_id}/sync", status_code=202)
async def sync_crm_account(crm_id: CrmAccountId, crms: Crms, _: Writer) -> CrmSyncAsked:
    """Read now what was modified."""
    return CrmSyncAsked(task=await crms.request_sync(crm_id))


@router.get("/{crm_id}/syncs")
async def list_crm_syncs(
    crm_id: CrmAccountId, crms: Crms, asked: CursorQuery, _: Reader
) -> CursorPage[CrmSyncRead]:
    """Newest first."""
    found, cursor = await crms.syncs(crm_id, cursor=asked.cursor, limit=asked.limit)
    return CursorPage(
        items=[CrmSyncRead.model_validate(each) for each in found], next_cursor=cursor, limit=asked.limit
    )


@router.get("/{crm_id}/writes")
async def list_crm_writes(
    crm_id: CrmAccountId, crms: Crms, asked: CursorQuery, _: Reader
) -> CursorPage[CrmPushRead]:
    """Rounds of writing to it, newest first."""
    found, cursor = await crms.pushes(crm_id, cursor=asked.cursor, limit=asked.limit)
    return CursorPage(
        items=[CrmPushRead.model_validate(each) for each in found], next_cursor=cursor, limit=asked.limit
    )


@router.get("/{crm_id}/faults")
async def list_crm_faults(crm_id: CrmAccountId, crms: Crms, _: Reader) -> CrmFaultsRead:
    """Contacts and deals that could not be written, and why."""
    found = await crms.faults(crm_id)
    return CrmFaultsRead(
        items=[
            CrmFaultRead(
                kind="deals" if each.kind == "deals" else "contacts",
                contact=each.external_id,
                code=each.error_code or "",
                properties=each.properties,
                attempts=each.attempts,
                next_at=each.next_at,
            )
            for each in found
        ]
    )


@router.get("/{crm_id}/departures")
async def list_crm_departures(crm_id: CrmAccountId, crms: Crms, _: Reader) -> CrmDeparturesRead:
    """Contacts that were deleted there, or merged into others."""
    found = await crms.departures(crm_id)
    return CrmDeparturesRead(
        items=[
            CrmDepartureRead(
                contact=each.external_id,
                why=each.why,
                merged_into=each.merged_into,
                gone_at=each.gone_at,
                noticed_at=each.noticed_at,
            )
            for each in found
        ]
    )


@router.delete("/{crm_id}")
async def disconnect_crm_account(
    crm_id: CrmAccountId, connecting: Connecting, scopes: ScopesDep, _: Writer
) -> CrmAccountRead:
    """Forget the token; nothing more is read, and what was read stays."""
    await connecting.disconnect(crm_id)
    async with scopes() as scope:  # none is open while the CRM is told
        return _read(await CrmService(scope).get(crm_id))
