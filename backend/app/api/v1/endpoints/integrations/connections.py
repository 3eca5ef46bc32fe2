"""Connecting platforms, by signing in there or with a token."""

from typing import Annotated, Literal

from fastapi import APIRouter, Cookie, Depends, Path, Query
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field
from starlette.responses import Response

from app.api.deps import PageParams, ScopesDep, SettingsDep, get_doors
from app.api.ids import ConnectionId
from app.api.sign_in_elsewhere import SignInElsewhere
from app.auth.deps import requires
from app.auth.principals import Principal
from app.auth.streams import listener_of
from app.core.errors import StratumError
from app.db.session import Doors
from app.schemas.integrations.connections import (
    AuthorizeBody,
    AuthorizeRead,
    ConnectionCreate,
    ConnectionRead,
    ConnectionSort,
    PlatformName,
    PlatformRead,
)
from app.schemas.pages import Page
from app.services.integrations.connections.service import ConnectionService, Platform, finish_sign_in

router = APIRouter(prefix="/integrations/connections", tags=["integrations"])

_SIGN_IN = SignInElsewhere("stratum_connect", "/integrations/connections")
PlatformPart = Annotated[PlatformName, Path(description="The ad platform.")]
_VISIBLE = r"^[\x20-\x7e]*$"
"""What a code is made of (RFC 6749, appendix A.11)."""


async def connection_service(scopes: ScopesDep) -> ConnectionService:
    return ConnectionService(scopes)


Connections = Annotated[ConnectionService, Depends(connection_service)]
Reader = Annotated[Principal, requires("integrations.connections:read")]
Writer = Annotated[Principal, requires("integrations.connections:write")]


class ConnectionFilter(PageParams):
    sort: ConnectionSort = Field("-created_at", description="A leading minus turns the order round.")
    platform: PlatformName | None = Field(None, description="Only of this ad platform.")
    status: Literal["active", "needs_sign_in", "disconnected"] | None = Field(
        None, description="Only in this state."
    )


@router.get("")
async def list_connections(
    asked: Annotated[ConnectionFilter, Query()], connections: Connections, _: Reader
) -> Page[ConnectionRead]:
    """The connections that fit the filters, a page of them."""
    found = await connections.page(
        page=asked.page, limit=asked.limit, sort=asked.sort, platform=asked.platform, status=asked.status
    )
    return Page[ConnectionRead].of(found, [ConnectionRead.model_validate(each) for each in found.items])


@router.get("/platforms")
async def list_platforms(connections: Connections, _: Reader) -> list[PlatformRead]:
    """The ad platforms that can be connected here."""
    return [PlatformRead.model_validate(each) for each in connections.platforms()]


@router.post("", status_code=201)
async def connect_with_token(body: ConnectionCreate, connections: Connections, _: Writer) -> ConnectionRead:
    """Connect with a token that a person made at the platform; its ad accounts are found at once."""
    made = await connections.paste(Platform(body.platform), body.access_token, read_only=body.read_only)
    return ConnectionRead.model_validate(made)


@router.post("/{platform}/authorize")
async def authorize(
    *,
    platform: PlatformPart,
    body: AuthorizeBody,
    response: Response,
    connections: Connections,
    settings: SettingsDep,
    principal: Writer,
) -> AuthorizeRead:
    """Where to send the browser to sign in. The cookie ties the sign-in to this browser."""
    started = await connections.start(
        Platform(platform),
        listener_of(principal),
        read_only=body.read_only,
        redirect_uri=_SIGN_IN.redirect_uri(settings, platform),
    )
    _SIGN_IN.remember(response, settings, started.browser_secret)
    return AuthorizeRead(authorize_url=started.authorize_url, state=started.state)


class CallbackQuery(BaseModel):
    """What the platform adds; other parameters, such as why a person declined, are not read."""

    state: str = Field(max_length=1024, description="What the sign-in began with; sealed.")
    code: str | None = Field(
        None,
        max_length=4096,
        pattern=_VISIBLE,
        description="What the platform gave, to be redeemed for a token.",
    )
    auth_code: str | None = Field(
        None, max_length=4096, pattern=_VISIBLE, description="The same, as TikTok calls it."
    )


@router.get("/{platform}/callback", status_code=303, response_class=RedirectResponse)
async def callback(
    platform: PlatformPart,
    doors: Annotated[Doors, Depends(get_doors)],
    settings: SettingsDep,
    answered: Annotated[CallbackQuery, Query()],
    stratum_connect: Annotated[
        str | None, Cookie(description="Ties the sign-in to the browser that began it.")
    ] = None,
) -> RedirectResponse:
    """The platform sends the browser here; it goes on to /connect, which shows what came of it."""
    outcome = {"platform": platform, "status": "cancelled"}
    code = answered.code if answered.code is not None else answered.auth_code
    if code is not None:
        try:
            await finish_sign_in(
                doors,
                answered.state,
                code=code,
                browser_secret=stratum_connect,
                redirect_uri=_SIGN_IN.redirect_uri(settings, platform),
            )
            outcome["status"] = "connected"
        except StratumError as error:
            outcome |= {"status": "failed", "code": error.code}
    return _SIGN_IN.ended(settings, outcome)


@router.delete("/{connection_id}")
async def disconnect(connection_id: ConnectionId, connections: Connections, _: Writer) -> ConnectionRead:
    """Forget the token; nothing of it is read or written any more, and its history stays."""
    return ConnectionRead.model_validate(await connections.disconnect(connection_id))
