"""Shops: connected by signing in there; how their orders are told, and how the synchronisation goes."""

from typing import Annotated

from fastapi import APIRouter, Cookie, Depends, Path, Query, Request
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field
from starlette.responses import Response

from app.api.deps import CursorQuery, PageParams, ScopeDep, ScopesDep, SettingsDep, get_doors
from app.api.ids import ShopId
from app.api.sign_in_elsewhere import SignInElsewhere
from app.auth.deps import requires
from app.auth.principals import Principal
from app.auth.streams import listener_of
from app.core.errors import StratumError
from app.db.session import Doors
from app.schemas.integrations.shops import (
    ShopAuthorize,
    ShopAuthorizeRead,
    ShopPatch,
    ShopProviderName,
    ShopProviderRead,
    ShopRead,
    ShopSort,
    ShopSyncAsked,
    ShopSyncRead,
)
from app.schemas.pages import CursorPage, Page
from app.services.integrations.shops.service import (
    ShopConnecting,
    ShopProvider,
    ShopService,
    ShopView,
    finish_shop_sign_in,
)

router = APIRouter(prefix="/integrations/shops", tags=["integrations"])

_SIGN_IN = SignInElsewhere("stratum_connect_shop", "/integrations/shops")
_VISIBLE = r"^[\x20-\x7e]*$"
_OF_SHOP = (
    *("id", "provider", "domain", "name", "currency", "enabled", "order_reference", "wait_minutes"),
    *(
        "customer_ids",
        "last_webhook_at",
        "last_synced_at",
        "next_sync_at",
        "error_code",
        "error",
        "created_at",
    ),
)
ProviderPart = Annotated[ShopProviderName, Path(description="Where the shop is run.")]


async def shop_service(scope: ScopeDep) -> ShopService:
    return ShopService(scope)


async def shop_connecting(scopes: ScopesDep) -> ShopConnecting:
    return ShopConnecting(scopes)


Shops = Annotated[ShopService, Depends(shop_service)]
Connecting = Annotated[ShopConnecting, Depends(shop_connecting)]
Reader = Annotated[Principal, requires("integrations.shops:read")]
Writer = Annotated[Principal, requires("integrations.shops:write")]


class ShopFilter(PageParams):
    sort: ShopSort = Field("name", description="A leading minus turns the order round.")


def _read(view: ShopView) -> ShopRead:
    row = view.shop
    return ShopRead(
        **{name: getattr(row, name) for name in _OF_SHOP},
        status=view.connection.status,
        is_reading=bool(row.reading),
        subscribed=row.subscribed_at is not None,
        orders=view.count(),
        orders_told=view.count("told"),
        orders_covered=view.count("covered"),
        orders_waiting=view.count("waiting"),
        orders_unnamed=view.count("unnamed"),
    )


@router.get("")
async def list_shops(asked: Annotated[ShopFilter, Query()], shops: Shops, _: Reader) -> Page[ShopRead]:
    """The shops that were ever connected."""
    found, views = await shops.page(page=asked.page, limit=asked.limit, sort=asked.sort)
    return Page[ShopRead].of(found, [_read(each) for each in views])


@router.get("/providers")
async def list_shop_providers(shops: Shops, _: Reader) -> list[ShopProviderRead]:
    """Where shops can be that are connected here."""
    return [ShopProviderRead.model_validate(each) for each in shops.providers()]


@router.post("/{provider}/authorize")
async def authorize_shop(
    *,
    provider: ProviderPart,
    body: ShopAuthorize,
    response: Response,
    connecting: Connecting,
    settings: SettingsDep,
    principal: Writer,
) -> ShopAuthorizeRead:
    """Where to send the browser to sign in. The cookie ties the sign-in to this browser and this shop."""
    started = await connecting.start(
        ShopProvider(provider),
        body.domain,
        listener_of(principal),
        redirect_uri=_SIGN_IN.redirect_uri(settings, provider),
    )
    _SIGN_IN.remember(response, settings, started.browser_secret)
    return ShopAuthorizeRead(authorize_url=started.authorize_url, state=started.state)


class ShopCallbackQuery(BaseModel):
    """What the shop adds. All of the query is signed, also what is not read."""

    state: str = Field(max_length=1024, description="What the sign-in began with; sealed.")
    shop: str = Field(max_length=100, pattern=_VISIBLE, description="The shop's own address.")
    hmac: str = Field(
        max_length=100, pattern=_VISIBLE, description="The signature over the other parameters."
    )
    code: str = Field(
        max_length=4096, pattern=_VISIBLE, description="What the shop gave, to be redeemed for a token."
    )


@router.get("/{provider}/callback", status_code=303, response_class=RedirectResponse)
async def shop_callback(
    *,
    request: Request,
    provider: ProviderPart,
    doors: Annotated[Doors, Depends(get_doors)],
    settings: SettingsDep,
    _answered: Annotated[ShopCallbackQuery, Query()],
    stratum_connect_shop: Annotated[
        str | None, Cookie(description="Ties the sign-in to the browser that began it.")
    ] = None,
) -> RedirectResponse:
    """The shop sends the browser here; it goes on to /connect, which shows what came of it."""
    outcome = {"platform": provider, "status": "connected"}
    try:
        await finish_shop_sign_in(
            doors,
            request.query_params.multi_items(),
            provider=provider,
            browser_secret=stratum_connect_shop,
            redirect_uri=_SIGN_IN.redirect_uri(settings, provider),
        )
    except StratumError as error:
        outcome |= {"status": "failed", "code": error.code}
    return _SIGN_IN.ended(settings, outcome)


@router.get("/{shop_id}")
async def get_shop(shop_id: ShopId, shops: Shops, _: Reader) -> ShopRead:
    """One shop, with how many of its orders are here."""
    return _read(await shops.get(shop_id))


@router.patch("/{shop_id}")
async def change_shop(shop_id: ShopId, body: ShopPatch, shops: Shops, _: Writer) -> ShopRead:
    """Change how it is told from now on; what is left out stays as it is."""
    return _read(await shops.change(shop_id, body.model_dump(exclude_unset=True)))


@router.post("/{shop_id}/sync", status_code=202)
async def sync_shop(shop_id: ShopId, shops: Shops, _: Writer) -> ShopSyncAsked:
    """Read now what was updated."""
    return ShopSyncAsked(task=await shops.request_sync(shop_id))


@router.get("/{shop_id}/syncs")
async def list_shop_syncs(
    shop_id: ShopId, shops: Shops, asked: CursorQuery, _: Reader
) -> CursorPage[ShopSyncRead]:
    """Newest first."""
    found, cursor = await shops.syncs(shop_id, cursor=asked.cursor, limit=asked.limit)
    return CursorPage(
        items=[ShopSyncRead.model_validate(each) for each in found], next_cursor=cursor, limit=asked.limit
    )


@router.delete("/{shop_id}")
async def disconnect_shop(shop_id: ShopId, connecting: Connecting, scopes: ScopesDep, _: Writer) -> ShopRead:
    """Forget the token, and give up our place in the shop; what was read stays."""
    await connecting.disconnect(shop_id)
    async with scopes() as scope:  # none is open while the shop is told
        return _read(await ShopService(scope).get(shop_id))
